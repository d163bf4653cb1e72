"""`/nbci run`: what it begins, and what it is refused for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from bot.commands import RunCommand, RunScope
from bot.forges.github.authority import (
    NotDone,
    check_is_head,
    check_is_open,
    check_names_commit,
    check_not_pushed_since,
    no_compute,
)
from bot.forges.github.events import CommentEvent, PullRequest
from bot.model import ReviewRequest, Run
from bot.report import replies
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.pull_states import approve, ref_of, with_pull
from bot.service.pulls import new_review
from bot.service.store import ReviewRow, give_up, reviews_of, start_review
from bot.service.tables import reviews


def run(engine: Engine, place: Place, event: CommentEvent, command: RunCommand) -> str:
    """Begin the review that is asked for, in place of those that are under way.

    Return what there is to be replied, nothing where the review itself will tell; raises NotDone.
    A fork's commit is from then on one that may run. For one comment there is one review.
    """
    cause = f"comment:{event.comment_id}"
    with engine.database.begin() as connection:
        if _was_begun(connection, place.repository_id, cause):
            return ""
    repository = engine.repository(place)

    def check(pull: PullRequest) -> None:
        check_is_open(pull)
        check_is_head(command, pull)
        if command.compute:
            raise no_compute(command.compute, "the machine of nbci")
        check_names_commit(command, pull)
        check_not_pushed_since(repository, command, pull, event.created_at)

    def act(connection: Connection, pull: PullRequest, is_approved: bool) -> str:
        if pull.is_fork:
            approve(connection, place.repository_id, pull, event.author.login)
        return _begin(connection, place, pull, cause, event.author.login, command)

    return with_pull(engine, place, event.number, act, check=check)


def not_passed(of_head: Sequence[ReviewRow]) -> tuple[str, ...] | None:
    """Return the notebooks that did not pass the last time, None where none was run yet.

    *of_head* are the reviews of one head, the newest first.
    """
    if not any(row.review.planned for row in of_head):
        return None
    last: dict[str, bool] = {}
    for row in reversed(of_head):
        last |= _outcomes(row.review.runs)
    return tuple(notebook for notebook, is_good in last.items() if not is_good)


def _begin(
    connection: Connection,
    place: Place,
    pull: PullRequest,
    cause: str,
    login: str,
    command: RunCommand,
) -> str:
    earlier = reviews_of(connection, place.repository_id, ref_of(pull.number))
    of_head = [row for row in earlier if row.head_sha == pull.head_sha]
    new = new_review(place, pull, cause)
    request = replace(
        new.request,
        everything=command.scope is RunScope.ALL,
        notebooks=_notebooks(of_head, command, pull),
        parameters=command.parameters,
    )
    if any(row.is_open and _is_same_work(row, request, pull) for row in of_head):
        return replies.running_already(pull.head_sha)
    for row in earlier:
        if row.is_open:
            give_up(connection, row.id, f"superseded by a command of {login}")
    start_review(connection, replace(new, request=request))
    return ""


def _is_same_work(row: ReviewRow, request: ReviewRequest, pull: PullRequest) -> bool:
    """Return whether a review does what is asked for already."""
    if row.review.problem is not None or row.base_ref != pull.base_ref:
        return False
    done = row.review.request
    return (done.everything, done.notebooks, done.parameters) == (
        request.everything,
        request.notebooks,
        request.parameters,
    )


def _notebooks(
    of_head: Sequence[ReviewRow], command: RunCommand, pull: PullRequest
) -> tuple[str, ...]:
    if command.scope is not RunScope.FAILED:
        return command.paths
    found = not_passed(of_head)
    if found is None:
        raise NotDone(replies.no_earlier_result(pull.head_sha))
    if not found:
        raise NotDone(replies.all_passed(pull.head_sha))
    return found


def _outcomes(runs: Iterable[Run]) -> dict[str, bool]:
    """Return of each notebook whether it passed with all its parameters."""
    passed: dict[str, bool] = {}
    for one in runs:
        is_good = one.outcome is not None and one.outcome.is_good
        passed[one.notebook] = passed.get(one.notebook, True) and is_good
    return passed


def _was_begun(connection: Connection, repository_id: int, cause: str) -> bool:
    wanted = select(reviews.c.id).where(
        reviews.c.repository_id == repository_id, reviews.c.cause == cause
    )
    return connection.execute(wanted).first() is not None
