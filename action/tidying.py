"""Tidying up after cancelled jobs and closed pull requests."""

from __future__ import annotations

from collections.abc import Callable

from action import job_log
from action.events import ClosedTask, CommentTask, NoTask, ReviewTask, Task
from action.leftovers import conclude_left
from action.session import Session
from bot.errors import ForgeError, NbciError
from bot.forges.github.outputs_branch import OutputsBranch
from bot.model import Conclusion
from bot.report.comment import abandoned_comment
from bot.report.wording import plural


def clean_up(session: Session, task: Task) -> None:
    """Conclude the check runs that this Actions run left in progress when it was cancelled."""
    head, pull = _head(session, task)
    if head is None:
        job_log.say("Nothing to clean up")
        return
    summary = "The job that ran this was cancelled, or ended before it could say how it went."
    number = conclude_left(session, head, Conclusion.CANCELLED, "Cancelled", summary)
    job_log.say(f"Concluded {plural(number, 'check run')} left in progress")
    if pull is not None and session.inputs.comment:
        _conclude_comment(session, pull)


def _conclude_comment(session: Session, pull: int) -> None:
    """Have the comment say that nobody works on it any more, where it still says otherwise."""
    report = session.context.run_url
    try:
        session.comments(pull).upsert(lambda body: abandoned_comment(body, report=report))
    except ForgeError as error:
        job_log.say(f"The comment is left as it is: {error}")


def _head(session: Session, task: Task) -> tuple[str | None, int | None]:
    """Return the commit that was reviewed, and the number of its pull request."""
    match task:
        case ReviewTask():
            return task.subject.head, task.subject.number
        case CommentTask() if task.event.is_pull_request:
            number = task.event.number
            return session.repository.pull_request(number).head_sha, number
        case CommentTask() | ClosedTask() | NoTask():
            return None, None


def forget_pull_request(session: Session, number: int) -> None:
    """Remove the executed notebooks of a pull request that is closed."""
    _prune(session, lambda: lambda name: name != f"pr-{number}")


def forget_old_outputs(session: Session) -> None:
    """Remove the executed notebooks of closed pull requests, and of all other runs but this one."""

    def choose() -> Callable[[str], bool]:
        kept = {f"pr-{number}" for number in session.repository.open_pull_requests()}
        return {*kept, f"run-{session.context.run_id}"}.__contains__

    _prune(session, choose)


def _prune(session: Session, choose: Callable[[], Callable[[str], bool]]) -> None:
    """Remove from the outputs branch what the choice says no to; that it cannot is no failure."""
    branch = session.inputs.outputs_branch
    if not branch:
        job_log.say("No outputs branch is named, so there is nothing to remove")
        return
    try:
        removed = OutputsBranch(session.api, session.context.repository, branch).prune(choose())
    except NbciError as error:
        job_log.warning(f"old executed notebooks could not be removed from {branch}: {error}")
        return
    job_log.say(f"Removed {', '.join(removed) or 'nothing'} from {branch}")
