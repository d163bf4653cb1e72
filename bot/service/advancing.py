"""The job that moves a review on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from bot.errors import NbciError, TryLater, Unanswered
from bot.model import Problem, Review
from bot.planning.problems import problem_of
from bot.review import World, advance, cancel, plan_runs
from bot.service.admission import Limits
from bot.service.database import Database
from bot.service.limits import over_limits
from bot.service.planning import Planning
from bot.service.store import ReviewRow, read_review, save_review
from bot.service.stored_backend import StoredBackend

_LOOK_AGAIN = 600.0
"""Seconds after which a review is looked at although nothing was heard of it."""

_LONGEST_UNANSWERED = 30 * 60.0
"""Seconds after its beginning for which a review is planned again while GitHub does not answer."""


_PAUSE = 15.0
"""Seconds until a review is planned again when GitHub has not answered."""


class NotYet(Exception):
    """GitHub does not answer; it can be tried again at `at`, in seconds since the epoch."""

    def __init__(self, message: str, at: float) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Advancing:
    """Moves reviews on: what `advance` is to the command line, with the database as its memory.

    `backend` is where the operator has notebooks run, whatever a configuration says.
    """

    database: Database
    planning: Planning
    limits: Limits
    backend: str
    clock: Callable[[], float] = time.time

    def advance(self, review_id: int) -> None:
        """Take every step of a review that can be taken now, and save it.

        Raises Overtaken when somebody else has moved it on meanwhile, TryLater and NotYet when
        GitHub is to be asked later.
        """
        with self.database.begin() as connection:
            row = read_review(connection, review_id)
        if row is None or row.is_over:
            return
        if not (row.review.planned or row.review.problem or row.cancel_reason):
            row = self._planned(row)
        with self.database.begin() as connection:
            review = self._advanced(connection, row)
            again = None if review.is_over else self.clock() + _LOOK_AGAIN
            save_review(connection, row, review, again)

    def _planned(self, row: ReviewRow) -> ReviewRow:
        """Return the review with its runs or the problem that keeps it from having any, saved."""
        request = replace(row.review.request, backend=self.backend)
        review = replace(row.review, request=request)
        try:
            request, source, config = self.planning.prepared(row.repository_id, request)
            review = replace(review, request=request)
            review = plan_runs(review, source, config)
        except TryLater:
            raise
        except NbciError as error:
            is_young = self.clock() - row.began < _LONGEST_UNANSWERED
            if isinstance(error, Unanswered) and is_young:
                raise NotYet(str(error), self.clock() + _PAUSE) from error
            review = replace(review, problem=problem_of(error))
        with self.database.begin() as connection:
            if review.runs and review.problem is None:
                review = replace(review, problem=self._refusal(connection, row, review))
            if review.problem:
                review = replace(review, runs=())
            save_review(connection, row, review, self.clock())
            saved = read_review(connection, row.id)
        assert saved is not None
        return saved

    def _refusal(self, connection: Connection, row: ReviewRow, review: Review) -> Problem | None:
        return over_limits(connection, row.repository_id, len(review.runs), self.limits)

    def _advanced(self, connection: Connection, row: ReviewRow) -> Review:
        review = row.review
        if review.problem:
            return review
        world = self._world(connection, row)
        if row.cancel_reason and review.cancelled is None:
            review = replace(cancel(review, row.cancel_reason, world), planned=True)
        review, _ = advance(review, world, self.clock())
        return review

    def _world(self, connection: Connection, row: ReviewRow) -> World:
        stored = StoredBackend(connection, row.id)
        return World(
            backends={run.options.backend: stored for run in row.review.runs},
            folder=Path(),
            publish=lambda review: None,
        )
