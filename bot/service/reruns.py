"""Runs that are asked for again, or stopped, with the buttons of check runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from bot.forges.github.events import CheckRunEvent, CheckSuiteEvent, PullRequest
from bot.report.checks import review_id
from bot.service.answering import not_passed
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.pulls import lock_pull, note_pull
from bot.service.store import NewReview, ReviewRow, give_up, reviews_of, start_review
from bot.service.tables import reviews


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a button was pressed for: the review, and the notebooks, all of them where empty."""

    row: ReviewRow
    notebooks: tuple[str, ...] = ()


def run_again(
    engine: Engine, place: Place, event: CheckRunEvent | CheckSuiteEvent, delivery: str
) -> str | None:
    """Do what a button was pressed for; return why there was nothing to do, else None.

    For one delivery it is done once.
    """
    if event.app_id != engine.app.id:
        return "the check run is of another App"
    with engine.database.begin() as connection:
        rows = _of_head(connection, place, event.head_sha)
    if not rows:
        return "no review of this commit is known"
    is_cancel = isinstance(event, CheckRunEvent) and event.identifier == "cancel"
    wanted = _wanted(rows, event)
    if wanted is None:
        return "there is nothing to run again"
    if not engine.repository(place).may_command(event.sender.login):
        return f"{event.sender.login} may not write to this repository"
    if is_cancel:
        with engine.database.begin() as connection:
            give_up(connection, wanted.row.id, f"cancelled by {event.sender.login}")
        return None
    return _begin(engine, place, wanted, delivery)


def _wanted(rows: list[ReviewRow], event: CheckRunEvent | CheckSuiteEvent) -> _Wanted | None:
    if isinstance(event, CheckSuiteEvent):
        return _Wanted(rows[0])
    for row in rows:
        if review_id(row.review.request) == event.external_id:
            return _of_summary(rows, row, event)
        for run in row.review.runs:
            if run.run_id == event.external_id:
                return _Wanted(row, (run.notebook,))
    return None


def _of_summary(rows: list[ReviewRow], row: ReviewRow, event: CheckRunEvent) -> _Wanted | None:
    if event.identifier != "rerun_failed":
        return _Wanted(row, row.review.request.notebooks)
    found = not_passed(rows)
    return _Wanted(row, found) if found else None


def _begin(engine: Engine, place: Place, wanted: _Wanted, delivery: str) -> str | None:
    row, pull = wanted.row, None
    if row.number is not None:
        pull = engine.repository(place).pull_request(row.number)
        if pull.state != "open" or pull.head_sha != row.head_sha:
            return "the commit is not the head of an open pull request any more"
    with engine.database.begin() as connection:
        if pull is not None:
            lock_pull(connection, place.repository_id, pull.number)
            is_approved = note_pull(connection, place.repository_id, pull)
            if pull.is_fork and not is_approved:
                return "the commit is a fork's, and nobody who may has let it run"
        earlier = reviews_of(connection, place.repository_id, row.ref)
        if any(review.is_open for review in earlier):
            return "a review is still under way"
        start_review(connection, _new(place, row, pull, wanted, delivery))
    return None


def _new(
    place: Place, row: ReviewRow, pull: PullRequest | None, wanted: _Wanted, delivery: str
) -> NewReview:
    request = replace(
        row.review.request,
        repository=place.full_name,
        base=pull.base_sha if pull else row.review.request.base,
        notebooks=wanted.notebooks,
    )
    return NewReview(
        repository_id=place.repository_id,
        installation_id=place.installation_id,
        number=row.number,
        base_ref=row.base_ref,
        cause=f"delivery:{delivery}",
        request=request,
    )


def _of_head(connection: Connection, place: Place, head_sha: str) -> list[ReviewRow]:
    """Return the reviews of a commit, the newest first."""
    wanted = select(reviews.c.ref).where(
        reviews.c.repository_id == place.repository_id, reviews.c.head_sha == head_sha
    )
    refs = connection.execute(wanted.distinct()).scalars().all()
    found = [row for ref in refs for row in reviews_of(connection, place.repository_id, ref)]
    of_head = [row for row in found if row.head_sha == head_sha]
    return sorted(of_head, key=lambda row: row.id, reverse=True)
