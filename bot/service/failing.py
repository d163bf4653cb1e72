"""What becomes of a review that cannot be moved on: tried again later, and set aside in the end."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import func, update

from bot.errors import TryLater
from bot.model import Conclusion, Problem
from bot.review import given_up
from bot.service.advancing import NotYet
from bot.service.database import Database
from bot.service.pool import DatabaseAway
from bot.service.store import Overtaken, cancel_runs, read_review, save_broken, save_review
from bot.service.tables import reviews

_log = logging.getLogger(__name__)

MOST_FAILURES = 5
"""How often in a row the same step may end in an error of ours."""

_FIRST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Failing:
    """Runs steps of reviews, and sees to it that one that fails hurts no other and ends.

    *conclude* shows on GitHub, as plainly as can be, that a review was set aside.
    """

    database: Database
    conclude: Callable[[int, Problem], None]

    def advance(self, review_id: int, step: Callable[[], None]) -> None:
        """Take the *step* of `advance`."""
        self._guarded(review_id, step, "look_again_at", self._set_aside)

    def show(self, review_id: int, step: Callable[[], None]) -> None:
        """Take the *step* of `show`."""
        self._guarded(review_id, step, "show_again_at", self._show_plainly)

    def _guarded(
        self,
        review_id: int,
        step: Callable[[], None],
        when: str,
        give_up: Callable[[int, Problem], None],
    ) -> None:
        try:
            step()
        except Overtaken as error:
            _log.info("%s", error)
        except (TryLater, NotYet) as error:
            _log.info("review %s waits: %s", review_id, error)
            self._later(review_id, when, error.at)
        except DatabaseAway:
            raise
        except Exception as error:  # noqa: BLE001 - a review's own fault must not end the worker
            self._note(review_id, when, error, give_up)

    def _later(self, review_id: int, when: str, at: float) -> None:
        with self.database.begin() as connection:
            connection.execute(
                update(reviews)
                .where(reviews.c.id == review_id)
                .values({when: func.to_timestamp(at)})
            )

    def _note(
        self,
        review_id: int,
        when: str,
        error: Exception,
        give_up: Callable[[int, Problem], None],
    ) -> None:
        error_id = secrets.token_hex(4)
        _log.error("review %s: internal error %s", review_id, error_id, exc_info=error)
        with self.database.begin() as connection:
            pause = func.make_interval(0, 0, 0, 0, 0, 0, _FIRST_PAUSE)
            said = {
                "failures": reviews.c.failures + 1,
                "error": f"{error_id}: {type(error).__name__}",
                when: func.now() + pause * func.power(2, reviews.c.failures),
            }
            failed = update(reviews).where(reviews.c.id == review_id).values(said)
            failed = failed.returning(reviews.c.failures)
            failures = connection.execute(failed).scalar_one_or_none()
        if failures is not None and failures >= MOST_FAILURES:
            _log.error("review %s is set aside after %s failures", review_id, failures)
            give_up(review_id, internal_error(error_id))

    def _set_aside(self, review_id: int, problem: Problem) -> None:
        """End a review for *problem*, whatever is stored of it; what still runs is told to end."""
        with self.database.begin() as connection:
            cancel_runs(connection, review_id)
        try:
            with self.database.begin() as connection:
                row = read_review(connection, review_id)
                if row is not None and not row.is_over:
                    ended = given_up(replace(row.review, cancelled=problem.title))
                    save_review(connection, row, replace(ended, problem=problem), None)
        except (ValueError, LookupError):
            _log.exception("what is stored of review %s cannot be read", review_id)
            with self.database.begin() as connection:
                save_broken(connection, review_id, problem)

    def _show_plainly(self, review_id: int, problem: Problem) -> None:
        self.conclude(review_id, problem)
        with self.database.begin() as connection:
            wanted = update(reviews).where(reviews.c.id == review_id, reviews.c.is_over)
            connection.execute(wanted.values(is_shown=True, show_again_at=None, failures=0))


def internal_error(error_id: str) -> Problem:
    """Return what is told where nbci itself has failed; the log has the same id."""
    return Problem(
        conclusion=Conclusion.FAILURE,
        title=f"Internal error {error_id}: nbci itself has failed, not a notebook",
        details=("Whoever runs nbci finds what happened in its log, under this id.",),
    )
