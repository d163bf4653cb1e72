"""Carrying out what somebody asks for in a comment, and answering there.

The token of this workflow may write, so a pull request's files are only ever read as data here:
they are fetched into a repository of their own, where nothing of them is checked out or executed.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from action import job_log
from action.comparison import Comparison, fetched
from action.inputs import Mode
from action.refusing import check_may_run, refusal_for
from action.reviewing import review
from action.session import JOB_CHECK, REPORT_CHECK, Session
from action.standing import reports, standing_of
from action.subject import Subject
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
from bot.errors import TryLater, Unanswered, UsageError
from bot.forges.github.api import Refused
from bot.forges.github.authority import (
    NOT_VERIFIED_MARKER,
    NotDone,
    check_has_not_moved,
    why_passed_over,
)
from bot.forges.github.checks import ExistingCheck
from bot.forges.github.events import CommentEvent, PullRequest
from bot.model import Conclusion, Review
from bot.report import replies
from bot.report.inert import code, words
from bot.report.wording import headline


@dataclass(frozen=True)
class _Answer:
    """A reply, the reaction that goes with it and, for a run, its review."""

    text: str
    is_good: bool = True
    review: Review | None = None


def answer(session: Session, event: CommentEvent) -> Review | None:
    """Carry out the command of a comment, if it holds one, and return the review it led to.

    With the mode `acknowledge` a run is only announced, by the output `run`: another step is to
    carry it out, once what the notebooks need is installed.

    Only people who may write to the repository are heard, which GitHub is asked for each time.
    Edited comments and those of bots are passed over. Raises NbciError when GitHub cannot be
    reached.
    """
    command = _command_in(event)
    if command is None:
        return None
    comments = session.comments(event.number)
    marker = f"<!-- reply of nbci to {event.comment_id} -->"
    if (refusal := refusal_for(session, event)) is not None:
        comments.react(event.comment_id, "confused")
        if refusal:
            comments.reply(refusal, NOT_VERIFIED_MARKER, once=True)
        job_log.say(f"Nothing to do: {refusal or 'who wrote it may not write to this repository'}")
        return None
    comments.react(event.comment_id, "eyes")
    try:
        if session.inputs.mode is Mode.ACKNOWLEDGE and isinstance(command, RunCommand):
            _announce(session, event, command)
            return None
        done = _carry_out(session, event, command)
    except NotDone as error:
        done = _Answer(str(error), is_good=False)
    except (TryLater, Unanswered, UsageError, Refused) as error:
        comments.reply(f"That did not work: {words(str(error))}", marker)
        raise
    comments.reply(done.text, marker)
    comments.react(event.comment_id, "rocket" if done.is_good else "-1")
    return done.review


def _command_in(event: CommentEvent) -> Command | CommandError | None:
    """Return what the comment tells us to do, or what is wrong with that; None is nothing."""
    if reason := why_passed_over(event):
        job_log.say(f"Nothing to do: {reason}")
        return None
    try:
        command = find_command(event.body)
    except CommandError as error:
        return error
    if command is None:
        job_log.say("Nothing to do: the comment holds no command for nbci")
    return command


def _announce(session: Session, event: CommentEvent, command: RunCommand) -> None:
    """Tell the workflow that there is something to run, unless that is refused."""
    pull = session.repository.pull_request(event.number)
    check_may_run(session, event, command, pull)
    _pin(session, event).write_text(pull.head_sha)
    job_log.set_outputs(session.context.output_file, {"run": "true"})
    job_log.say("There is something to run")


def _pin(session: Session, event: CommentEvent) -> Path:
    """Return the file that keeps, from one step to the next, which head a command is about."""
    return session.context.temporary / f"nbci-head-{event.comment_id}"


def _carry_out(session: Session, event: CommentEvent, command: Command | CommandError) -> _Answer:
    match command:
        case CommandError():
            return _Answer(str(command), is_good=False)
        case HelpCommand():
            return _Answer(USAGE)
        case StatusCommand():
            return _status(session, session.repository.pull_request(event.number))
        case CancelCommand():
            return _cancel(session, session.repository.pull_request(event.number))
        case RunCommand():
            return _run(session, event, command)


def _status(session: Session, pull: PullRequest) -> _Answer:
    head = code(pull.head_sha[:10])
    checks = _reports(session, pull)
    if not checks:
        return _Answer(replies.nothing_run_yet(pull.head_sha))
    if len(checks) == 1:
        return _Answer(f"{head}: {words(checks[0].title)} {_details(checks[0].url)}")
    lines = [f"- {words(c.name)}: {words(c.title)} {_details(c.url)}" for c in checks]
    return _Answer("\n".join([f"{head}:", "", *lines]))


def _cancel(session: Session, pull: PullRequest) -> _Answer:
    checks = session.checks(pull.head_sha)
    names = frozenset({REPORT_CHECK, JOB_CHECK})
    but = session.context.run_id
    number = len(session.repository.cancel_actions_runs(checks, names, but=but))
    if not number:
        return _Answer(replies.nothing_running(pull.head_sha))
    return _Answer(replies.stopped(pull.head_sha))


def _run(session: Session, event: CommentEvent, command: RunCommand) -> _Answer:
    pull = session.repository.pull_request(event.number)
    pinned = _pin(session, event)
    if pinned.exists():
        check_has_not_moved(pinned.read_text(), pull)
    check_may_run(session, event, command, pull)
    inputs = session.inputs
    asked = replace(
        session,
        inputs=replace(
            inputs,
            parameters={**inputs.parameters, **command.parameters},
            compute=command.compute or inputs.compute,
        ),
    )
    subject = Subject(
        head=pull.head_sha,
        ref=f"refs/pull/{pull.number}",
        number=pull.number,
        in_place=False,
        everything=command.scope is RunScope.ALL,
        notebooks=_notebooks(session, command, pull),
    )
    with tempfile.TemporaryDirectory(prefix="nbci-files-", dir=session.context.temporary) as folder:
        comparison = _fetched(session, pull, subject, Path(folder))
        check_has_not_moved(pull.head_sha, session.repository.pull_request(event.number))
        ended = review(asked, subject, lambda: comparison)
    title = f"{code(pull.head_sha[:10])}: {words(headline(ended))}"
    return _Answer(
        f"{title} {_details(session.context.run_url)}",
        is_good=ended.conclusion is Conclusion.SUCCESS,
        review=ended,
    )


def _notebooks(session: Session, command: RunCommand, pull: PullRequest) -> tuple[str, ...]:
    """Return the notebooks that are asked for by name, or did not pass the last time."""
    if command.scope is not RunScope.FAILED:
        return command.paths
    standing = standing_of(session, pull.head_sha)
    if standing is None:
        raise NotDone(replies.no_earlier_result(pull.head_sha))
    if not standing.not_passed:
        raise NotDone(replies.all_passed(pull.head_sha))
    return standing.not_passed


def _fetched(session: Session, pull: PullRequest, subject: Subject, folder: Path) -> Comparison:
    compares = not (subject.everything or subject.notebooks)
    base = pull.base_sha if compares else None
    return fetched(folder, session.remote, pull.head_sha, base, session.repository.merge_base)


def _reports(session: Session, pull: PullRequest) -> list[ExistingCheck]:
    """Return the latest summary check run of the pull request's head, of each job of a matrix."""
    return reports(session.checks(pull.head_sha).existing())


def _details(url: str) -> str:
    return f"([details]({url}))" if url else ""
