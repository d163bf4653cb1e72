"""The reviews of a pull request, brought in line with how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from bot.errors import Unanswered
from bot.forges.github.events import PullRequest
from bot.model import Conclusion, Problem, ReviewRequest
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.store import NewReview, ReviewRow, give_up, reviews_of, start_review
from bot.service.tables import pull_requests

_SUPERSEDED = "superseded by "
_CLOSED = "the pull request was "
_RETARGETED = "the pull request is now for "


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A review is to end, for this reason."""

    review_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Start:
    """A review of the head is to begin; `number` counts those of the head for the same base."""

    number: int


Step = GiveUp | Start


def look_at_pull(engine: Engine, place: Place, number: int) -> None:
    """Ask GitHub how a pull request stands, and begin and give up reviews accordingly.

    Whatever event it was that told of it, and in whichever order they come: the same in the end.
    Raises Unanswered where GitHub does not know yet what it has told already.
    """
    pull = engine.repository(place).pull_request(number)
    with engine.database.begin() as connection:
        lock_pull(connection, place.repository_id, number)
        is_approved = note_pull(connection, place.repository_id, pull)
        reviews = reviews_of(connection, place.repository_id, ref_of(number))
        for step in decide(pull, reviews, is_approved=is_approved):
            match step:
                case GiveUp(review_id, reason):
                    give_up(connection, review_id, reason)
                case Start(count):
                    problem = None if is_approved or not pull.is_fork else _waits(pull.head_sha)
                    cause = f"pull:{number}:{pull.head_sha}:{pull.base_ref}:{count}"
                    start_review(connection, new_review(place, pull, cause, problem=problem))


def decide(pull: PullRequest, reviews: Sequence[ReviewRow], *, is_approved: bool) -> Iterator[Step]:
    """Yield what is to be done about the *reviews* of *pull*, which are the newest first.

    `is_approved` is whether somebody who may has let run the head of a fork, for this base.
    """
    is_open = pull.state == "open"
    for review in reviews:
        if review.is_open and (reason := _why_not(pull, review)):
            yield GiveUp(review.id, reason)
    if not is_open:
        return
    current = [review for review in reviews if _is_of(review, pull)]
    if not current or _is_to_resume(current[0], is_approved=is_approved):
        yield Start(len(current))


def _is_of(review: ReviewRow, pull: PullRequest) -> bool:
    return (review.head_sha, review.base_ref) == (pull.head_sha, pull.base_ref)


def _why_not(pull: PullRequest, review: ReviewRow) -> str | None:
    if pull.state != "open":
        return _CLOSED + ("merged" if pull.merged else "closed")
    if review.head_sha != pull.head_sha:
        return _SUPERSEDED + pull.head_sha[:10]
    if review.base_ref != pull.base_ref:
        return _RETARGETED + pull.base_ref
    return None


def _is_to_resume(review: ReviewRow, *, is_approved: bool) -> bool:
    """Return whether the newest review of a head says less than could be said now."""
    if review.is_open:
        return False
    was_ours = (review.cancel_reason or "").startswith((_SUPERSEDED, _CLOSED, _RETARGETED))
    if was_ours:
        return not review.is_over or review.review.was_cut_short
    waited = review.review.problem is not None and review.review.problem.title == _WAITS
    return waited and is_approved


def lock_pull(connection: Connection, repository_id: int, number: int) -> None:
    """Have nobody else decide about a pull request until the transaction ends."""
    key = f"pull {repository_id} {number}"
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}
    )


def note_pull(connection: Connection, repository_id: int, pull: PullRequest) -> bool:
    """Note how a pull request stands; return whether its head was let run.

    Raises Unanswered where something newer is known.
    """
    known = connection.execute(
        select(pull_requests).where(
            pull_requests.c.repository_id == repository_id, pull_requests.c.number == pull.number
        )
    ).first()
    if known and known.updated_at and pull.updated_at and pull.updated_at < known.updated_at:
        raise Unanswered(f"GitHub gives an old state of pull request {pull.number}")
    values = {
        "repository_id": repository_id,
        "number": pull.number,
        "is_open": pull.state == "open",
        "head_sha": pull.head_sha,
        "base_ref": pull.base_ref,
        "updated_at": pull.updated_at,
    }
    key = ["repository_id", "number"]
    row = insert(pull_requests).values(values)
    later = {name: value for name, value in values.items() if name not in key}
    connection.execute(row.on_conflict_do_update(index_elements=key, set_=later))
    approved = known and (known.approved_sha, known.approved_base_ref)
    return approved == (pull.head_sha, pull.base_ref)


def approve(connection: Connection, repository_id: int, pull: PullRequest, login: str) -> None:
    """Note that *login*, who may, lets run the head of a pull request as it stands."""
    note_pull(connection, repository_id, pull)
    connection.execute(
        pull_requests.update()
        .where(
            pull_requests.c.repository_id == repository_id, pull_requests.c.number == pull.number
        )
        .values(approved_sha=pull.head_sha, approved_base_ref=pull.base_ref, approved_by=login)
    )


def new_review(
    place: Place, pull: PullRequest, cause: str, *, problem: Problem | None = None
) -> NewReview:
    """Return a review of the head of a pull request."""
    return NewReview(
        repository_id=place.repository_id,
        installation_id=place.installation_id,
        number=pull.number,
        base_ref=pull.base_ref,
        cause=cause,
        request=ReviewRequest(
            repository=place.full_name,
            ref=ref_of(pull.number),
            base=pull.base_sha,
            head=pull.head_sha,
        ),
        problem=problem,
    )


def ref_of(number: int) -> str:
    """Return how a pull request is called among git's refs."""
    return f"refs/pull/{number}"


_WAITS = "Waiting for a maintainer"


def _waits(head: str) -> Problem:
    return Problem(
        conclusion=Conclusion.ACTION_REQUIRED,
        title=_WAITS,
        details=(
            "This pull request comes from a fork, so that nothing of it was run.",
            "Whoever may write to this repository can have it run, once they have looked at it:"
            f" `/nbci run --sha {head}`",
        ),
    )
