"""Who is heard on a pull request, and what is not done although it was they who asked."""

from __future__ import annotations

from datetime import datetime

from bot.commands import RunCommand
from bot.errors import UsageError
from bot.forges.github.events import CommentEvent, PullRequest
from bot.forges.github.repository import GitHubRepository
from bot.report.inert import code

NOT_VERIFIED = (
    "It could not be verified that you may write to this repository, so nothing was run."
    " Please comment again later."
)

NOT_VERIFIED_MARKER = "<!-- reply of nbci: not verified -->"
"""Whoever it is may comment again and again: told once, it is told to all."""


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


def check_is_open(pull: PullRequest) -> None:
    """Raise NotDone for a pull request on which nothing is to be run any more."""
    if pull.state != "open":
        state = "merged" if pull.merged else "closed"
        raise NotDone(f"This pull request is {state}, so nothing was run.")
    if pull.locked:
        raise NotDone("The conversation of this pull request is locked, so nothing was run.")


def check_is_head(command: RunCommand, pull: PullRequest) -> None:
    """Raise NotDone where the command names another commit than the head."""
    if command.sha and not pull.head_sha.startswith(command.sha):
        raise head_has_moved(command.sha, pull.head_sha)


def check_names_commit(command: RunCommand, pull: PullRequest) -> None:
    """Raise NotDone where it is not said which commit of a fork was looked at."""
    if pull.is_fork and not command.sha:
        raise NotDone(
            "This pull request comes from a fork. Say which commit you have looked at:"
            f" `/nbci run --sha {pull.head_sha}`"
        )


def check_not_pushed_since(
    repository: GitHubRepository, command: RunCommand, pull: PullRequest, moment: datetime
) -> None:
    """Raise NotDone where no commit is named and the head is newer than the comment."""
    if command.sha is None and repository.was_pushed_after(pull, moment):
        raise NotDone(
            "There was a push after your comment, so nothing was run. Comment again:"
            f" `/nbci run --sha {pull.head_sha[:12]}`"
        )


def check_has_not_moved(seen: str, now: PullRequest) -> None:
    """Raise NotDone unless *seen* is still the head."""
    if now.head_sha != seen:
        raise head_has_moved(seen, now.head_sha)


def no_compute(name: str, where: str) -> NotDone:
    """Return the refusal of a compute, where notebooks run *where* there is none."""
    return NotDone(
        f"There is no compute {code(name)} here, where notebooks run on {where}, so nothing was"
        " run."
    )


def head_has_moved(seen: str, head: str) -> NotDone:
    """Return the refusal of a command that is about *seen*, which is not the *head* any more."""
    return NotDone(
        f"The head has moved from {code(seen[:10])} to {code(head[:10])}, so nothing was run."
        " Look at what is new, and comment `/nbci run` again."
    )
