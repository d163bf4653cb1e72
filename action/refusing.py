"""Who is heard, and what is not done although it was they who asked."""

from __future__ import annotations

from action import job_log
from action.inputs import BackendInput
from action.session import Session
from bot.commands import RunCommand
from bot.errors import TryLater, Unanswered, UsageError
from bot.forges.github.api import Refused
from bot.forges.github.events import CommentEvent, PullRequest
from bot.report.inert import code


class NotDone(UsageError):
    """A command is understood and is not carried out; the text is a reply in Markdown."""


def why_passed_over(event: CommentEvent) -> str | None:
    """Return why the comment is none to look for a command in, None where it is one."""
    if event.action != "created":
        return f"the comment was {event.action}, and only new ones count"
    if not event.is_pull_request:
        return "the comment is on an issue, not on a pull request"
    if event.author.is_bot or event.app_slug or event.sender.id != event.author.id:
        return "the comment was written by a machine"
    return None


def refusal_for(session: Session, event: CommentEvent) -> str | None:
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


def check_may_run(
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
    if command.compute and session.inputs.backend is not BackendInput.AZUREML:
        raise NotDone(
            f"There is no compute {code(command.compute)} here, where notebooks run on the runner"
            " of the workflow, so nothing was run."
        )
    if pull.is_fork and not command.sha:
        raise NotDone(
            "This pull request comes from a fork. Say which commit you have looked at:"
            f" `/nbci run --sha {pull.head_sha}`"
        )
    if command.sha is None and session.repository.was_pushed_after(pull, event.created_at):
        raise NotDone(
            "There was a push after your comment, so nothing was run. Comment again:"
            f" `/nbci run --sha {pull.head_sha[:12]}`"
        )


def check_has_not_moved(seen: str, now: PullRequest) -> None:
    """Raise NotDone unless *seen* is still the head."""
    if now.head_sha != seen:
        raise _moved(seen, now.head_sha)


def _moved(seen: str, head: str) -> NotDone:
    return NotDone(
        f"The head has moved from {code(seen[:10])} to {code(head[:10])}, so nothing was run."
        " Look at what is new, and comment `/nbci run` again."
    )
