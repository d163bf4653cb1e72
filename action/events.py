"""What an event asks of the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from action.comparison import PARENT, Comparison, checked_out
from action.context import Context
from action.inputs import Inputs
from action.session import Session
from action.subject import Subject
from bot.errors import UsageError
from bot.forges.github.events import (
    CommentEvent,
    DispatchEvent,
    Event,
    MergeGroupEvent,
    PullRequest,
    PullRequestEvent,
    PushEvent,
    ScheduleEvent,
    parse_event,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTask:
    """Review what is checked out against `base`, a SHA or the name of a branch; None is nothing.

    `prunes` asks for the executed notebooks of closed pull requests to be removed.
    """

    subject: Subject
    base: str | None
    prunes: bool = False

    def comparison(self, session: Session) -> Callable[[], Comparison]:
        """Return what gets hold of the commits."""
        return lambda: checked_out(
            session.context.workspace,
            session.remote,
            self.subject.head,
            self.base,
            session.repository.merge_base,
        )


@dataclass(frozen=True, slots=True)
class CommentTask:
    """See whether a comment holds a command, and carry it out."""

    event: CommentEvent


@dataclass(frozen=True, slots=True)
class ClosedTask:
    """Tidy up after a pull request."""

    number: int


@dataclass(frozen=True, slots=True)
class NoTask:
    """There is nothing to do, for this reason."""

    reason: str


Task = ReviewTask | CommentTask | ClosedTask | NoTask


def task_of(context: Context, inputs: Inputs) -> Task:
    """Return what the event of *context* asks for; raises UsageError for one that is not ours."""
    if context.event_name == "pull_request_target":
        raise UsageError(
            "nbci does not run under pull_request_target, whose token may write while the code is"
            " a stranger's: use pull_request, and issue_comment for what needs a secret"
        )
    return _task(parse_event(context.event_name, context.payload), context, inputs)


def _task(event: Event, context: Context, inputs: Inputs) -> Task:
    match event:
        case PullRequestEvent(action="closed"):
            return ClosedTask(event.pull_request.number)
        case PullRequestEvent():
            return _review_of(event.pull_request, inputs)
        case CommentEvent():
            return CommentTask(event)
        case ScheduleEvent():
            everything = not inputs.notebooks
            subject = _subject(context.sha, context.ref, inputs, everything=everything)
            return ReviewTask(subject=subject, base=None, prunes=True)
        case PushEvent() | DispatchEvent() | MergeGroupEvent():
            return _review_of_ref(event, context, inputs)
        case _:
            raise UsageError(f"the event {context.event_name} is nothing for a workflow of nbci")


def _review_of(pull: PullRequest, inputs: Inputs) -> ReviewTask:
    subject = _subject(pull.head_sha, f"refs/pull/{pull.number}", inputs, pull.number)
    return ReviewTask(subject=subject, base=_compared(pull.base_sha, subject))


def _review_of_ref(
    event: PushEvent | DispatchEvent | MergeGroupEvent, context: Context, inputs: Inputs
) -> Task:
    match event:
        case MergeGroupEvent():
            if event.action != "checks_requested":
                return NoTask(f"the merge group is {event.action}")
            head, ref, base = event.head_sha, event.head_ref, event.base_sha
        case PushEvent():
            if event.deleted:
                return NoTask(f"{event.ref} was deleted")
            new = not event.before.strip("0")
            head, ref = event.after, event.ref
            base = _branched_off(event) if new else event.before
        case DispatchEvent():
            head, ref, base = context.sha, event.ref, _branched_off(event)
    subject = _subject(head, ref, inputs)
    return ReviewTask(subject=subject, base=_compared(base, subject))


def _subject(
    head: str, ref: str, inputs: Inputs, number: int | None = None, *, everything: bool = False
) -> Subject:
    return Subject(
        head=head,
        ref=ref,
        number=number,
        everything=(everything or inputs.all) and not inputs.notebooks,
        notebooks=inputs.notebooks,
    )


def _compared(base: str, subject: Subject) -> str | None:
    """Return *base* where the notebooks depend on what changed since."""
    return None if subject.everything or subject.notebooks else base


def _branched_off(event: PushEvent | DispatchEvent) -> str:
    """Return what a branch is compared with as a whole, the default branch with its last commit."""
    default = event.repository.default_branch
    return PARENT if event.ref == f"refs/heads/{default}" else default
