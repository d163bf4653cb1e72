"""Carrying out what somebody asks for in a comment, and answering there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from bot.commands import (
    USAGE,
    CancelCommand,
    Command,
    CommandError,
    HelpCommand,
    RunCommand,
    StatusCommand,
    find_command,
)
from bot.errors import ForgeError, Unanswered
from bot.forges.github.api import Refused
from bot.forges.github.authority import (
    NOT_VERIFIED,
    NOT_VERIFIED_MARKER,
    NotDone,
    why_passed_over,
)
from bot.forges.github.comments import Comments
from bot.forges.github.events import CommentEvent, PullRequest
from bot.report import replies
from bot.report.inert import code, words
from bot.report.wording import headline
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.pull_states import ref_of, with_pull
from bot.service.pulls import asked_by
from bot.service.run_commands import run
from bot.service.store import give_up, reviews_of
from bot.service.strangers import is_known_stranger, note_stranger
from bot.service.tables import reviews


class Unverified(ForgeError):
    """It could not be found out whether somebody may command; they were told."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """A reply, none where it is empty, and whether things go as asked."""

    text: str
    is_good: bool = True


def answer(engine: Engine, place: Place, event: CommentEvent, *, is_last_try: bool) -> str | None:
    """Carry out the command of a comment; return why there was nothing to carry out, else None.

    Only people who may write to the repository are heard, which GitHub is asked for each time. May
    be called again for the same comment, and then goes on where it was interrupted. Raises
    Unverified where GitHub does not say who they are, not even in the last try.
    """
    if reason := why_passed_over(event):
        return reason
    command = _command_in(event)
    if command is None:
        return "the comment holds no command for nbci"
    comments = engine.comments(place, event.number)
    if not _is_heard(engine, place, event, comments, is_last_try=is_last_try):
        return f"{event.author.login} may not write to this repository"
    comments.react(event.comment_id, "eyes")
    try:
        done = _carry_out(engine, place, event, command)
    except NotDone as error:
        done = _Answer(str(error), is_good=False)
    if done.text:
        marker = f"<!-- reply of nbci to {event.comment_id} -->"
        comments.reply(done.text, marker, once=True)
    comments.react(event.comment_id, "rocket" if done.is_good else "-1")
    return None


def _command_in(event: CommentEvent) -> Command | CommandError | None:
    try:
        return find_command(event.body)
    except CommandError as error:
        return error


def _is_heard(
    engine: Engine, place: Place, event: CommentEvent, comments: Comments, *, is_last_try: bool
) -> bool:
    """Return whether who wrote the comment may command; tell others so, but only now and then."""
    who = (place.repository_id, event.author.id, event.comment_id)
    with engine.database.begin() as connection:
        if is_known_stranger(connection, *who):
            return False
    try:
        if engine.repository(place).may_command(event.author.login):
            return True
    except (Refused, Unanswered) as error:
        if isinstance(error, Unanswered) and not is_last_try:
            raise
        comments.reply(NOT_VERIFIED, NOT_VERIFIED_MARKER, once=True)
        raise Unverified(str(error)) from error
    with engine.database.begin() as connection:
        is_told = note_stranger(connection, *who)
    if is_told:
        comments.react(event.comment_id, "confused")
    return False


def _carry_out(
    engine: Engine, place: Place, event: CommentEvent, command: Command | CommandError
) -> _Answer:
    match command:
        case CommandError():
            return _Answer(str(command), is_good=False)
        case HelpCommand():
            return _Answer(USAGE)
        case StatusCommand():
            return _Answer(_status(engine, place, event))
        case CancelCommand():
            return _Answer(_cancel(engine, place, event))
        case RunCommand():
            return _Answer(run(engine, place, event, command))


def _status(engine: Engine, place: Place, event: CommentEvent) -> str:
    head = engine.repository(place).pull_request(event.number).head_sha
    with engine.database.begin() as connection:
        found = reviews_of(connection, place.repository_id, ref_of(event.number))
    of_head = [row.review for row in found if row.head_sha == head]
    if not of_head:
        return replies.nothing_run_yet(head)
    return f"{code(head[:10])}: {words(headline(of_head[0]))}"


def _cancel(engine: Engine, place: Place, event: CommentEvent) -> str:
    reason = asked_by(event.author.login)

    def act(connection: Connection, pull: PullRequest, is_approved: bool) -> str:
        ref = ref_of(pull.number)
        running = _running(connection, place.repository_id, ref, reason, event.created_at)
        for review_id in running:
            give_up(connection, review_id, reason)
        head = pull.head_sha
        return replies.stopped(head) if running else replies.nothing_running(head)

    return with_pull(engine, place, event.number, act)


def _running(
    connection: Connection, repository_id: int, ref: str, reason: str, moment: datetime
) -> list[int]:
    """Return the reviews that go on, and those that were given up for this reason after *moment*.

    The latter were by an earlier, interrupted try.
    """
    is_ours = (reviews.c.cancel_reason == reason) & or_(
        ~reviews.c.is_over, reviews.c.over_at > moment
    )
    goes_on = ~reviews.c.is_over & reviews.c.cancel_reason.is_(None)
    wanted = select(reviews.c.id).where(
        reviews.c.repository_id == repository_id, reviews.c.ref == ref, goes_on | is_ours
    )
    return list(connection.execute(wanted).scalars())
