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
from action.inputs import BackendInput
from action.reviewing import Subject, review
from action.session import JOB_CHECK, REPORT_CHECK, Session
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
from bot.forges.github.checks import ExistingCheck
from bot.forges.github.events import CommentEvent, PullRequest
from bot.model import Conclusion, Review
from bot.report.checks import not_passed_in
from bot.report.inert import code, words
from bot.report.wording import headline


class NotDone(UsageError):
    """A command is understood and is not carried out; the text is a reply in Markdown."""


@dataclass(frozen=True)
class _Answer:
    """A reply, the reaction that goes with it and, for a run, its review."""

    text: str
    is_good: bool = True
    review: Review | None = None


def answer(session: Session, event: CommentEvent) -> Review | None:
    """Carry out the command of a comment, if it holds one, and return the review it led to.

    Only people who may write to the repository are heard, which GitHub is asked for each time.
    Edited comments and those of bots are passed over. Raises NbciError when GitHub cannot be
    reached.
    """
    if reason := _passed_over(event):
        job_log.say(f"Nothing to do: {reason}")
        return None
    try:
        command: Command | CommandError | None = find_command(event.body)
    except CommandError as error:
        command = error
    if command is None:
        job_log.say("Nothing to do: the comment holds no command for nbci")
        return None
    comments = session.comments(event.number)
    marker = f"<!-- reply of nbci to {event.comment_id} -->"
    if (refusal := _refusal(session, event)) is not None:
        comments.react(event.comment_id, "confused")
        if refusal:
            comments.reply(refusal, marker)
        job_log.say(f"Nothing to do: {refusal or 'who wrote it may not write to this repository'}")
        return None
    comments.react(event.comment_id, "eyes")
    try:
        done = _carry_out(session, event, command)
    except NotDone as error:
        done = _Answer(str(error), is_good=False)
    except (TryLater, Unanswered, UsageError, Refused) as error:
        comments.reply(f"That did not work: {words(str(error))}", marker)
        raise
    comments.reply(done.text, marker)
    comments.react(event.comment_id, "rocket" if done.is_good else "-1")
    return done.review


def _passed_over(event: CommentEvent) -> str | None:
    if event.action != "created":
        return f"the comment was {event.action}, and only new ones count"
    if not event.is_pull_request:
        return "the comment is on an issue, not on a pull request"
    if event.author.is_bot or event.app_slug or event.sender.id != event.author.id:
        return "the comment was written by a machine"
    return None


def _refusal(session: Session, event: CommentEvent) -> str | None:
    """Return None for somebody who may command, else what to reply; empty is no reply at all."""
    try:
        allowed = session.repository.may_command(event.author.login)
    except (TryLater, Unanswered, Refused) as error:
        job_log.warning(f"the permission of {event.author.login} cannot be told: {error}")
        return (
            "It could not be verified that you may write to this repository, so nothing was run."
            " Please comment again later."
        )
    return None if allowed else ""


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
    check = _report(session, pull)
    if check is None:
        return _Answer(f"Nothing was run for {code(pull.head_sha[:10])} yet.")
    return _Answer(f"{code(pull.head_sha[:10])}: {words(check.title)} {_details(check.url)}")


def _cancel(session: Session, pull: PullRequest) -> _Answer:
    checks = session.checks(pull.head_sha)
    names = frozenset({REPORT_CHECK, JOB_CHECK})
    but = session.context.run_id
    number = len(session.repository.cancel_actions_runs(checks, names, but=but))
    if not number:
        return _Answer(f"Nothing is running for {code(pull.head_sha[:10])}.")
    return _Answer(f"Cancelled what was running for {code(pull.head_sha[:10])}.")


def _run(session: Session, event: CommentEvent, command: RunCommand) -> _Answer:
    pull = session.repository.pull_request(event.number)
    _check_may_run(session, event, command, pull)
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
        _check_has_not_moved(pull.head_sha, session.repository.pull_request(event.number))
        ended = review(asked, subject, lambda: comparison)
    title = f"{code(pull.head_sha[:10])}: {words(headline(ended))}"
    return _Answer(
        f"{title} {_details(session.context.run_url)}",
        is_good=ended.conclusion is Conclusion.SUCCESS,
        review=ended,
    )


def _check_may_run(
    session: Session, event: CommentEvent, command: RunCommand, pull: PullRequest
) -> None:
    """Raise NotDone where the command must not be carried out."""
    if pull.state != "open":
        state = "merged" if pull.merged else "closed"
        raise NotDone(f"This pull request is {state}, so nothing was run.")
    if pull.locked:
        raise NotDone("The conversation of this pull request is locked, so nothing was run.")
    if command.sha and not pull.head_sha.startswith(command.sha):
        raise _moved(command.sha, pull.head_sha)
    if pull.is_fork and session.inputs.backend is not BackendInput.AZUREML:
        raise NotDone(
            "This pull request comes from a fork, so nothing was run: here notebooks would run on"
            " the runner of a workflow whose token may write to this repository. They run without"
            " such a token by the workflow for pull requests, and with Azure Machine Learning apart"
            " from it."
        )
    if pull.is_fork and not command.sha:
        raise NotDone(
            "This pull request comes from a fork. Say which commit you have looked at:"
            f" `/nbci run --sha {pull.head_sha}`"
        )
    if command.sha is None and session.repository.may_have_moved(pull, event.created_at):
        raise NotDone(
            "There was a push after your comment, so nothing was run. Comment again:"
            f" `/nbci run --sha {pull.head_sha[:12]}`"
        )


def _check_has_not_moved(seen: str, now: PullRequest) -> None:
    if now.head_sha != seen:
        raise _moved(seen, now.head_sha)


def _moved(seen: str, head: str) -> NotDone:
    return NotDone(
        f"The head has moved from {code(seen[:10])} to {code(head[:10])}, so nothing was run."
        " Look at what is new, and comment `/nbci run` again."
    )


def _notebooks(session: Session, command: RunCommand, pull: PullRequest) -> tuple[str, ...]:
    """Return the notebooks that are asked for by name, or did not pass the last time."""
    if command.scope is not RunScope.FAILED:
        return command.paths
    check = _report(session, pull)
    failed = not_passed_in(check.text) if check and check.status == "completed" else None
    if failed is None:
        raise NotDone(
            f"There is no earlier result for {code(pull.head_sha[:10])} to go by, so nothing was"
            " run. `/nbci run` runs what this pull request affects."
        )
    if not failed:
        raise NotDone(
            f"Every notebook passed for {code(pull.head_sha[:10])}: nothing to run again."
        )
    return failed


def _fetched(session: Session, pull: PullRequest, subject: Subject, folder: Path) -> Comparison:
    compares = not (subject.everything or subject.notebooks)
    base = pull.base_sha if compares else None
    return fetched(folder, session.remote, pull.head_sha, base, session.repository.merge_base)


def _report(session: Session, pull: PullRequest) -> ExistingCheck | None:
    """Return the latest summary check run of the pull request's head."""
    return next(iter(session.checks(pull.head_sha).existing(REPORT_CHECK)), None)


def _details(url: str) -> str:
    return f"([details]({url}))" if url else ""
