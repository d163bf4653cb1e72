"""Carrying out what somebody asks for in a comment, and answering there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from bot.commands import (
    USAGE,
    CancelCommand,
    Command,
    CommandError,
    HelpCommand,
    RunCommand,
    RunScope,
    StatusCommand,
    find_command,
)
from bot.forges.github.authority import NotDone, head_has_moved, why_passed_over
from bot.forges.github.comments import Comments
from bot.forges.github.events import CommentEvent, PullRequest
from bot.forges.github.repository import GitHubRepository
from bot.report.inert import code, words
from bot.report.wording import headline
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.pulls import approve, lock_pull, new_review, note_pull, ref_of
from bot.service.store import ReviewRow, give_up, reviews_of, start_review
from bot.service.tables import cursors

_DEAF = 60.0
"""Seconds for which somebody who may not command is not heard again, nor asked about."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """A reply, none where it is empty, and whether things go as asked."""

    text: str
    is_good: bool = True


def answer(engine: Engine, place: Place, event: CommentEvent) -> str | None:
    """Carry out the command of a comment; return why there was nothing to carry out, else None.

    Only people who may write to the repository are heard, which GitHub is asked for each time. May
    be called again for the same comment, and then goes on where it was interrupted.
    """
    if reason := why_passed_over(event):
        return reason
    command = _command_in(event)
    if command is None:
        return "the comment holds no command for nbci"
    if _is_deaf_to(engine, place, event):
        return "who wrote it may not write to this repository, as was found out a moment ago"
    comments = engine.comments(place, event.number)
    repository = engine.repository(place)
    if not repository.may_command(event.author.login):
        _be_deaf_to(engine, place, event)
        comments.react(event.comment_id, "confused")
        return "who wrote it may not write to this repository"
    comments.react(event.comment_id, "eyes")
    try:
        done = _carry_out(engine, place, repository, event, command)
    except NotDone as error:
        done = _Answer(str(error), is_good=False)
    _reply(comments, event, done)
    return None


def tell_unverified(engine: Engine, place: Place, event: CommentEvent) -> None:
    """Say, once on a pull request, that it could not be found out who may command there."""
    engine.comments(place, event.number).reply(
        "It could not be verified that you may write to this repository, so nothing was run."
        " Please comment again later.",
        "<!-- reply of nbci: not verified -->",
        once=True,
    )


def _reply(comments: Comments, event: CommentEvent, done: _Answer) -> None:
    if done.text:
        marker = f"<!-- reply of nbci to {event.comment_id} -->"
        comments.reply(done.text, marker, once=True)
    comments.react(event.comment_id, "rocket" if done.is_good else "-1")


def _command_in(event: CommentEvent) -> Command | CommandError | None:
    try:
        return find_command(event.body)
    except CommandError as error:
        return error


def _is_deaf_to(engine: Engine, place: Place, event: CommentEvent) -> bool:
    """Return whether nobody listens to who wrote the comment: they were refused a moment ago.

    However much somebody writes who may not, GitHub is asked about them once a minute.
    """
    name = f"asked about {event.author.id} in {place.repository_id}"
    now = engine.clock()
    with engine.database.begin() as connection:
        found = connection.execute(select(cursors.c.value).where(cursors.c.name == name)).scalar()
        return found is not None and 0 <= now - float(found) < _DEAF


def _be_deaf_to(engine: Engine, place: Place, event: CommentEvent) -> None:
    """Note that who wrote the comment may not command."""
    name = f"asked about {event.author.id} in {place.repository_id}"
    row = insert(cursors).values(name=name, value=str(engine.clock()))
    later = row.on_conflict_do_update(index_elements=["name"], set_={"value": row.excluded.value})
    with engine.database.begin() as connection:
        connection.execute(later)


def _carry_out(
    engine: Engine,
    place: Place,
    repository: GitHubRepository,
    event: CommentEvent,
    command: Command | CommandError,
) -> _Answer:
    if isinstance(command, CommandError):
        return _Answer(str(command), is_good=False)
    if isinstance(command, HelpCommand):
        return _Answer(USAGE)
    pull = repository.pull_request(event.number)
    match command:
        case StatusCommand():
            return _status(engine, place, pull)
        case CancelCommand():
            return _cancel(engine, place, pull, event)
        case RunCommand():
            _check_may_run(repository, event, command, pull)
            return _run(engine, place, pull, event, command)


def _status(engine: Engine, place: Place, pull: PullRequest) -> _Answer:
    head = code(pull.head_sha[:10])
    with engine.database.begin() as connection:
        reviews = _of_head(connection, place, pull)
    if not reviews:
        return _Answer(f"Nothing was run for {head} yet.")
    return _Answer(f"{head}: {words(headline(reviews[0].review))}")


def _cancel(engine: Engine, place: Place, pull: PullRequest, event: CommentEvent) -> _Answer:
    head = code(pull.head_sha[:10])
    with engine.database.begin() as connection:
        lock_pull(connection, place.repository_id, pull.number)
        found = [review for review in _of_head(connection, place, pull) if review.is_open]
        for review in found:
            give_up(connection, review.id, f"cancelled by {event.author.login}")
    if not found:
        return _Answer(f"Nothing is running for {head}.")
    return _Answer(f"Cancelled what was running for {head}.")


def _check_may_run(
    repository: GitHubRepository, event: CommentEvent, command: RunCommand, pull: PullRequest
) -> None:
    """Raise NotDone where the command must not be carried out."""
    if pull.state != "open":
        state = "merged" if pull.merged else "closed"
        raise NotDone(f"This pull request is {state}, so nothing was run.")
    if pull.locked:
        raise NotDone("The conversation of this pull request is locked, so nothing was run.")
    if command.sha and not pull.head_sha.startswith(command.sha):
        raise head_has_moved(command.sha, pull.head_sha)
    if command.compute:
        raise NotDone(
            f"There is no compute {code(command.compute)} here, where notebooks run on the machine"
            " of the bot, so nothing was run."
        )
    if pull.is_fork and not command.sha:
        raise NotDone(
            "This pull request comes from a fork. Say which commit you have looked at:"
            f" `/nbci run --sha {pull.head_sha}`"
        )
    if command.sha is None and repository.was_pushed_after(pull, event.created_at):
        raise NotDone(
            "There was a push after your comment, so nothing was run. Comment again:"
            f" `/nbci run --sha {pull.head_sha[:12]}`"
        )


def _run(
    engine: Engine, place: Place, pull: PullRequest, event: CommentEvent, command: RunCommand
) -> _Answer:
    """Begin the review that is asked for, in place of those that are under way."""
    cause = f"comment:{event.comment_id}"
    with engine.database.begin() as connection:
        lock_pull(connection, place.repository_id, pull.number)
        if pull.is_fork:
            approve(connection, place.repository_id, pull, event.author.login)
        else:
            note_pull(connection, place.repository_id, pull)
        reviews = reviews_of(connection, place.repository_id, ref_of(pull.number))
        of_head = [review for review in reviews if review.head_sha == pull.head_sha]
        if any(review.cause == cause for review in reviews):
            return _Answer("")
        if _is_under_way(of_head, command):
            return _Answer(f"The notebooks of {code(pull.head_sha[:10])} are running already.")
        new = new_review(place, pull, cause)
        request = replace(
            new.request,
            everything=command.scope is RunScope.ALL,
            notebooks=_notebooks(of_head, command, pull),
            parameters=command.parameters,
        )
        for review in reviews:
            if review.is_open:
                give_up(connection, review.id, f"superseded by /nbci of {event.author.login}")
        start_review(connection, replace(new, request=request))
    return _Answer("")


def _is_under_way(of_head: list[ReviewRow], command: RunCommand) -> bool:
    """Return whether what is asked for is what is being done already."""
    if command.scope is not RunScope.CHANGED or command.parameters:
        return False
    return any(
        review.is_open
        and review.review.problem is None
        and not (review.review.request.notebooks or review.review.request.parameters)
        for review in of_head
    )


def _notebooks(of_head: list[ReviewRow], command: RunCommand, pull: PullRequest) -> tuple[str, ...]:
    if command.scope is not RunScope.FAILED:
        return command.paths
    found = not_passed(of_head)
    if found is None:
        raise NotDone(
            f"There is no earlier result for {code(pull.head_sha[:10])} to go by, so nothing was"
            " run. `/nbci run` runs what this pull request affects."
        )
    if not found:
        raise NotDone(
            f"Every notebook passed for {code(pull.head_sha[:10])}: nothing to run again."
        )
    return found


def not_passed(of_head: list[ReviewRow]) -> tuple[str, ...] | None:
    """Return the notebooks that did not pass the last time, None where none was run yet.

    *of_head* are the reviews of one head, the newest first.
    """
    last: dict[str, bool] = {}
    for row in reversed(of_head):
        outcomes: dict[str, bool] = {}
        for run in row.review.runs:
            is_good = bool(run.outcome and run.outcome.is_good)
            outcomes[run.notebook] = outcomes.get(run.notebook, True) and is_good
        last |= outcomes
    if not any(row.review.planned for row in of_head):
        return None
    return tuple(notebook for notebook, is_good in last.items() if not is_good)


def _of_head(connection: Connection, place: Place, pull: PullRequest) -> list[ReviewRow]:
    reviews = reviews_of(connection, place.repository_id, ref_of(pull.number))
    return [review for review in reviews if review.head_sha == pull.head_sha]
