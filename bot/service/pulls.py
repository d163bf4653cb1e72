"""The reviews of a pull request, brought in line with how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.errors import Unanswered
from bot.forges.github.events import PullRequest
from bot.model import Conclusion, Problem, ReviewRequest
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.pull_states import ref_of, with_pull
from bot.service.store import NewReview, ReviewRow, give_up, reviews_of, start_review

WAITS = "Waiting for a maintainer"

_ASKED = "cancelled by "


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


def look_at_pull(
    engine: Engine, place: Place, number: int, told: PullRequest | None = None
) -> None:
    """Ask GitHub how a pull request stands, and begin and give up reviews accordingly.

    Whatever event it was that told of it, and in whichever order they come: the same in the end.
    Raises Unanswered where GitHub does not know yet what it has *told* in an event.
    """

    def act(connection: Connection, pull: PullRequest, is_approved: bool) -> None:
        _bring_in_line(connection, place, pull, is_approved=is_approved)

    def check(pull: PullRequest) -> None:
        if told and told.updated_at and pull.updated_at and pull.updated_at < told.updated_at:
            raise Unanswered(f"GitHub does not say yet how pull request {number} stands")

    with_pull(engine, place, number, act, check=check)


def decide(pull: PullRequest, reviews: Sequence[ReviewRow], *, is_approved: bool) -> Iterator[Step]:
    """Yield what is to be done about the *reviews* of *pull*, which are the newest first.

    `is_approved` is whether somebody who may has let run the head of a fork, for this base.
    """
    for review in reviews:
        if review.is_open and (reason := _why_not(pull, review)):
            yield GiveUp(review.id, reason)
    if pull.state != "open":
        return
    current = [review for review in reviews if _is_of(review, pull)]
    if not current or _is_to_begin_again(current[0], is_approved=is_approved):
        yield Start(len(current))


def asked_by(login: str) -> str:
    """Return why a review is given up that *login* wants to end: then it is not begun again."""
    return f"{_ASKED}{login}"


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


def _bring_in_line(
    connection: Connection, place: Place, pull: PullRequest, *, is_approved: bool
) -> None:
    reviews = reviews_of(connection, place.repository_id, ref_of(pull.number))
    for step in decide(pull, reviews, is_approved=is_approved):
        match step:
            case GiveUp(review_id, reason):
                give_up(connection, review_id, reason)
            case Start(number):
                problem = _waits(pull.head_sha) if pull.is_fork and not is_approved else None
                _start(connection, place, pull, number, problem)


def _start(
    connection: Connection, place: Place, pull: PullRequest, number: int, problem: Problem | None
) -> None:
    """Begin a review under the next number that is free: not all earlier reviews were looked at."""
    started = None
    while started is None:
        cause = f"pull:{pull.number}:{pull.head_sha}:{pull.base_ref}:{number}"
        started = start_review(connection, new_review(place, pull, cause, problem=problem))
        number += 1


def _is_of(review: ReviewRow, pull: PullRequest) -> bool:
    return (review.head_sha, review.base_ref) == (pull.head_sha, pull.base_ref)


def _why_not(pull: PullRequest, review: ReviewRow) -> str | None:
    if pull.state != "open":
        return f"the pull request was {'merged' if pull.merged else 'closed'}"
    if review.head_sha != pull.head_sha:
        return f"superseded by {pull.head_sha[:10]}"
    if review.base_ref != pull.base_ref:
        return f"the pull request is now for {pull.base_ref}"
    return None


def _is_to_begin_again(review: ReviewRow, *, is_approved: bool) -> bool:
    """Return whether the newest review of a head says less than could be said now.

    One that somebody has asked to end is not begun again until somebody asks for that too.
    """
    problem, reason = review.review.problem, review.cancel_reason
    if problem is not None:
        return problem.title == WAITS and is_approved
    if reason is None or reason.startswith(_ASKED):
        return False
    return not review.is_over or review.review.was_cut_short


def _waits(head: str) -> Problem:
    return Problem(
        conclusion=Conclusion.ACTION_REQUIRED,
        title=WAITS,
        details=(
            "This pull request comes from a fork, so that nothing of it was run",
            "Whoever may write to this repository can have it run, once they have looked at it:"
            f" `/nbci run --sha {head}`",
        ),
    )
