"""Reviews in the database: begun, read, saved, given up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.model import Problem, Review, ReviewRequest, Run, RunState
from bot.service import jobs
from bot.service.codec import review_from, review_text, run_from, run_text
from bot.service.database import defer_in
from bot.service.tables import repositories, reviews, runs


class Overtaken(Exception):
    """Somebody else has saved the review since it was read: what was done with it is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReview:
    """A review to begin.

    `number` is that of the pull request, None where it is of none, and `base_ref` the branch that
    it is to go into. `cause` says what it is begun for: for one cause there is one review.
    """

    repository_id: int
    installation_id: int
    number: int | None
    base_ref: str | None
    cause: str
    request: ReviewRequest
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """A review as it was last saved, with its runs."""

    id: int
    repository_id: int
    installation_id: int
    number: int | None
    ref: str
    head_sha: str
    base_ref: str | None
    cause: str
    attempt: int
    version: int
    is_over: bool
    cancel_reason: str | None
    shown: str
    is_shown: bool
    failures: int
    error: str
    page_key: str
    began: float
    review: Review

    @property
    def is_open(self) -> bool:
        """Whether it goes on: neither over nor to be given up."""
        return not self.is_over and self.cancel_reason is None


def start_review(connection: Connection, new: NewReview) -> int | None:
    """Return the id of the new review, None where there is one for the same cause.

    Its runs take the attempt after those of the earlier reviews of the same head.
    """
    request = new.request
    assert request.head is not None
    earlier = select(func.coalesce(func.max(reviews.c.attempt), 0)).where(
        reviews.c.repository_id == new.repository_id,
        reviews.c.ref == request.ref,
        reviews.c.head_sha == request.head,
    )
    attempt = int(connection.execute(earlier).scalar_one()) + 1
    review = Review(request=replace(request, attempt=attempt), problem=new.problem)
    row = {
        "repository_id": new.repository_id,
        "installation_id": new.installation_id,
        "number": new.number,
        "ref": request.ref,
        "head_sha": request.head,
        "base_ref": new.base_ref,
        "cause": new.cause,
        "attempt": attempt,
        "value": review_text(review),
        "page_key": secrets.token_urlsafe(24),
    }
    added = insert(reviews).values(row).on_conflict_do_nothing().returning(reviews.c.id)
    review_id = connection.execute(added).scalar_one_or_none()
    if review_id is not None:
        defer_in(connection, jobs.advance(review_id))
    return review_id


def give_up(connection: Connection, review_id: int, reason: str) -> None:
    """Have a review ended for *reason*; without effect on one that is over, or given up already."""
    wanted = (
        update(reviews)
        .where(reviews.c.id == review_id, ~reviews.c.is_over, reviews.c.cancel_reason.is_(None))
        .values(cancel_reason=reason)
    )
    if connection.execute(wanted).rowcount:
        defer_in(connection, jobs.advance(review_id))


def read_review(connection: Connection, review_id: int) -> ReviewRow | None:
    """Return a review, None where there is none of this id."""
    found = connection.execute(select(reviews).where(reviews.c.id == review_id)).mappings().first()
    return None if found is None else _with_runs(connection, [found])[0]


def reviews_of(
    connection: Connection, repository_id: int, ref: str, *, limit: int = 20
) -> list[ReviewRow]:
    """Return the reviews of a pull request or branch, the newest first."""
    wanted = (
        select(reviews)
        .where(reviews.c.repository_id == repository_id, reviews.c.ref == ref)
        .order_by(reviews.c.id.desc())
        .limit(limit)
    )
    return _with_runs(connection, connection.execute(wanted).mappings().all())


def save_review(
    connection: Connection,
    row: ReviewRow,
    review: Review,
    look_again_at: float | None,
) -> None:
    """Save *review*, which came of *row*; raise Overtaken where that is not the newest any more.

    *look_again_at* is in seconds since the epoch. What is to be seen of the review changes with it,
    so it is shown.
    """
    over_at = func.now() if review.is_over else None
    saved = (
        update(reviews)
        .where(reviews.c.id == row.id, reviews.c.version == row.version, ~reviews.c.is_over)
        .values(
            value=review_text(review),
            version=row.version + 1,
            is_over=review.is_over,
            over_at=over_at,
            look_again_at=_time(look_again_at),
            failures=0,
            error="",
        )
    )
    if not connection.execute(saved).rowcount:
        raise Overtaken(f"review {row.id} is past version {row.version}")
    _save_runs(connection, row, review.runs)
    defer_in(connection, jobs.show(row.id))


def save_broken(connection: Connection, review_id: int, problem: Problem) -> None:
    """End a review of which what is stored cannot be read, for *problem*."""
    of_review = reviews.c.id == review_id
    row = connection.execute(
        select(reviews, repositories.c.full_name)
        .join_from(reviews, repositories, repositories.c.id == reviews.c.repository_id)
        .where(of_review)
    ).one()
    request = ReviewRequest(
        repository=row.full_name, ref=row.ref, head=row.head_sha, attempt=row.attempt
    )
    values = {
        "value": review_text(Review(request=request, problem=problem)),
        "version": row.version + 1,
        "is_over": True,
        "over_at": func.now(),
        "look_again_at": None,
        "failures": 0,
    }
    connection.execute(update(reviews).where(of_review).values(values))
    defer_in(connection, jobs.show(review_id))


def cancel_runs(connection: Connection, review_id: int) -> None:
    """Have every run of a review ended, by who has taken it or at once."""
    of_review = runs.c.review_id == review_id
    taken = update(runs).where(of_review, runs.c.state == "taken")
    connection.execute(taken.values(cancel_requested=True))
    others = update(runs).where(of_review, runs.c.state.in_(["planned", "queued"]))
    connection.execute(others.values(state="ended", ended_at=func.now()))


def _save_runs(connection: Connection, row: ReviewRow, current: Sequence[Run]) -> None:
    known = {run.run_id: run for run in row.review.runs}
    new = [
        {
            "run_id": run.run_id,
            "review_id": row.id,
            "repository_id": row.repository_id,
            "installation_id": row.installation_id,
            "position": position,
            "backend": run.options.backend,
            "value": run_text(run),
        }
        for position, run in enumerate(current)
        if run.run_id not in known
    ]
    if new:
        # A run that was handed over has its row already: the backend and the review meet in it.
        wanted = insert(runs)
        connection.execute(
            wanted.on_conflict_do_update(
                index_elements=[runs.c.run_id], set_={"value": wanted.excluded.value}
            ),
            new,
        )
    for run in current:
        if run.run_id in known and run is not known[run.run_id]:
            changed = update(runs).where(runs.c.run_id == run.run_id).values(value=run_text(run))
            connection.execute(changed)
    # What the backend never got needs nobody's attention any more.
    unheard = [run.run_id for run in current if run.state is RunState.ENDED]
    if unheard:
        connection.execute(
            update(runs)
            .where(runs.c.run_id.in_(unheard), runs.c.state == "planned")
            .values(state="ended", ended_at=func.now())
        )


def _with_runs(connection: Connection, found: Sequence[RowMapping]) -> list[ReviewRow]:
    ids = [row["id"] for row in found]
    wanted = (
        select(runs.c.review_id, runs.c.value)
        .where(runs.c.review_id.in_(ids))
        .order_by(runs.c.review_id, runs.c.position)
    )
    of_review: dict[int, list[Run]] = {review_id: [] for review_id in ids}
    for review_id, value in connection.execute(wanted):
        of_review[review_id].append(run_from(value))
    return [_row(row, tuple(of_review[row["id"]])) for row in found]


def _row(found: RowMapping, its_runs: tuple[Run, ...]) -> ReviewRow:
    same: dict[str, Any] = {
        name: found[name] for name in ReviewRow.__slots__ if name not in ("began", "review")
    }
    return ReviewRow(
        **same,
        began=found["created_at"].timestamp(),
        review=review_from(found["value"], its_runs),
    )


def _time(epoch: float | None) -> Any:
    return None if epoch is None else func.to_timestamp(epoch)
