"""Tidying up after cancelled jobs and closed pull requests."""

from __future__ import annotations

from collections.abc import Callable

from action import job_log
from action.events import ClosedTask, CommentTask, NoTask, ReviewTask, Task
from action.leftovers import conclude_left
from action.session import Session
from bot.errors import NbciError
from bot.forges.github.outputs_branch import OutputsBranch
from bot.model import Conclusion
from bot.report.wording import plural


def clean_up(session: Session, task: Task) -> None:
    """Conclude the check runs that this Actions run left in progress when it was cancelled."""
    head = _head(session, task)
    if head is None:
        job_log.say("Nothing to clean up")
        return
    summary = "The job that ran this was cancelled, or ended before it could say how it went."
    number = conclude_left(session, head, Conclusion.CANCELLED, "Cancelled", summary)
    job_log.say(f"Concluded {plural(number, 'check run')} left in progress")


def _head(session: Session, task: Task) -> str | None:
    match task:
        case ReviewTask():
            return task.subject.head
        case CommentTask() if task.event.is_pull_request:
            return session.repository.pull_request(task.event.number).head_sha
        case CommentTask() | ClosedTask() | NoTask():
            return None


def forget_pull_request(session: Session, number: int) -> None:
    """Remove the executed notebooks of a pull request that is closed."""
    _prune(session, lambda name: name != f"pr-{number}")


def forget_old_outputs(session: Session) -> None:
    """Remove the executed notebooks of closed pull requests, and of all other runs but this one."""
    if session.inputs.outputs_branch:
        kept = {f"pr-{number}" for number in session.repository.open_pull_requests()}
        kept.add(f"run-{session.context.run_id}")
        _prune(session, kept.__contains__)


def _prune(session: Session, keep: Callable[[str], bool]) -> None:
    branch = session.inputs.outputs_branch
    if not branch:
        job_log.say("Nothing to do")
        return
    try:
        removed = OutputsBranch(session.api, session.context.repository, branch).prune(keep)
    except NbciError as error:
        job_log.warning(f"old executed notebooks could not be removed from {branch}: {error}")
        return
    job_log.say(f"Removed {', '.join(removed) or 'nothing'} from {branch}")
