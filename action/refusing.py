"""Who is heard, and what is not done although it was they who asked."""

from __future__ import annotations

from action import job_log
from action.inputs import BackendInput
from action.session import Session
from bot.commands import RunCommand
from bot.errors import TryLater, Unanswered
from bot.forges.github.api import Refused
from bot.forges.github.authority import (
    NOT_VERIFIED,
    NotDone,
    check_is_head,
    check_is_open,
    check_names_commit,
    check_not_pushed_since,
    no_compute,
)
from bot.forges.github.events import CommentEvent, PullRequest


def refusal_for(session: Session, event: CommentEvent) -> str | None:
    """Return None for somebody who may command, else what to reply; empty is no reply at all."""
    try:
        allowed = session.repository.may_command(event.author.login)
    except (TryLater, Unanswered, Refused) as error:
        job_log.warning(f"the permission of {event.author.login} cannot be told: {error}")
        return NOT_VERIFIED
    return None if allowed else ""


def check_may_run(
    session: Session, event: CommentEvent, command: RunCommand, pull: PullRequest
) -> None:
    """Raise NotDone where the command must not be carried out."""
    check_is_open(pull)
    check_is_head(command, pull)
    in_cloud = session.inputs.backend is BackendInput.AZUREML
    if pull.is_fork and not in_cloud:
        raise NotDone(
            "This pull request comes from a fork, so nothing was run: here notebooks would run on"
            " the runner of a workflow whose token may write to this repository. They run without"
            " such a token by the workflow for pull requests, and with Azure Machine Learning apart"
            " from it."
        )
    if command.compute and not in_cloud:
        raise no_compute(command.compute, "the runner of the workflow")
    check_names_commit(command, pull)
    check_not_pushed_since(session.repository, command, pull, event.created_at)
