"""Runs that are asked for again, or stopped, with the buttons of check runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from bot.forges.github.events import CheckRunEvent, CheckSuiteEvent, PullRequest
from bot.model import ReviewRequest
from bot.report.checks import review_id
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.pull_states import with_pull
from bot.service.pulls import asked_by
from bot.service.run_commands import not_passed
from bot.service.store import NewReview, ReviewRow, give_up, reviews_of, start_review
from bot.service.tables import reviews

_BUTTONS = (None, "rerun", "rerun_failed", "cancel")
"""The buttons of bot.report.checks, and GitHub's own, which has no name."""


def press(
    engine: Engine, place: Place, event: CheckRunEvent | CheckSuiteEvent, delivery: str
) -> str | None:
    """Do what a button was pressed for; return why there was nothing to do, else None.

    For one delivery it is done once. Only people who may write to the repository are heard, which
    GitHub is asked for each time.
    """
    button = event.identifier if isinstance(event, CheckRunEvent) else None
    if event.app_id != engine.app.id:
        return "the check run is of another App"
    if event.sender.is_bot or button not in _BUTTONS:
        return "a machine has pressed the button, or it is none of ours"
    with engine.database.begin() as connection:
        of_head = _of_head(connection, place.repository_id, event.head_sha)
    row = _meant(of_head, event)
    if row is None:
        return "no review is known that the check run is of"
    if not engine.repository(place).may_command(event.sender.login):
        return f"{event.sender.login} may not write to this repository"
    if button == "cancel":
        with engine.database.begin() as connection:
            give_up(connection, row.id, asked_by(event.sender.login))
        return None
    request = _request(of_head, row, event)
    if request is None:
        return "every notebook has passed"
    return _begin(engine, place, row, request, f"delivery:{delivery}")


def _meant(
    of_head: Sequence[ReviewRow], event: CheckRunEvent | CheckSuiteEvent
) -> ReviewRow | None:
    """Return the review that the check run is of; of a suite, the newest."""
    if isinstance(event, CheckSuiteEvent):
        return of_head[0] if of_head else None
    for row in of_head:
        of_runs = (run.run_id for run in row.review.runs)
        if event.external_id in (review_id(row.review.request), *of_runs):
            return row
    return None


def _request(
    of_head: Sequence[ReviewRow], row: ReviewRow, event: CheckRunEvent | CheckSuiteEvent
) -> ReviewRequest | None:
    """Return what is to be run, None where that is nothing."""
    request = row.review.request
    if isinstance(event, CheckSuiteEvent):
        return replace(request, everything=False, notebooks=(), parameters={})
    if event.identifier == "rerun_failed":
        of_same_ref = [other for other in of_head if other.ref == row.ref]
        failed = not_passed(of_same_ref)
        return replace(request, everything=False, notebooks=failed) if failed else None
    for run in row.review.runs:
        if run.run_id == event.external_id:
            return replace(request, everything=False, notebooks=(run.notebook,))
    return request


def _begin(
    engine: Engine, place: Place, row: ReviewRow, request: ReviewRequest, cause: str
) -> str | None:
    new = NewReview(
        repository_id=place.repository_id,
        installation_id=place.installation_id,
        number=row.number,
        base_ref=row.base_ref,
        cause=cause,
        request=replace(request, repository=place.full_name),
    )
    if row.number is None:
        with engine.database.begin() as connection:
            return _start(connection, new)

    def act(connection: Connection, pull: PullRequest, is_approved: bool) -> str | None:
        if pull.state != "open" or pull.head_sha != row.head_sha:
            return "the commit is not the head of an open pull request any more"
        if pull.is_fork and not is_approved:
            return "the commit is a fork's, and nobody who may has let it run"
        current = replace(new.request, base=pull.base_sha)
        return _start(connection, replace(new, base_ref=pull.base_ref, request=current))

    return with_pull(engine, place, row.number, act)


def _start(connection: Connection, new: NewReview) -> str | None:
    earlier = reviews_of(connection, new.repository_id, new.request.ref)
    if any(row.is_open and row.cause != new.cause for row in earlier):
        return "notebooks are still running"
    start_review(connection, new)
    return None


def _of_head(connection: Connection, repository_id: int, head_sha: str) -> list[ReviewRow]:
    """Return the reviews of a commit, the newest first."""
    wanted = select(reviews.c.ref).where(
        reviews.c.repository_id == repository_id, reviews.c.head_sha == head_sha
    )
    refs = connection.execute(wanted.distinct()).scalars().all()
    found = [row for ref in refs for row in reviews_of(connection, repository_id, ref)]
    of_head = [row for row in found if row.head_sha == head_sha]
    return sorted(of_head, key=lambda row: row.id, reverse=True)
