"""What GitHub tells us happened, as typed values: nothing past this file sees the JSON of an event.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import UsageError
from bot.forges.github.payload import Payload
from bot.model import printable


class UnknownEvent(UsageError):
    """An event that nbci does nothing about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository; its `id` stays the same when it is renamed or transferred."""

    id: int
    full_name: str
    default_branch: str
    private: bool
    clone_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who did something: a person, or a bot such as an app."""

    login: str
    id: int
    is_bot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as it stood when GitHub described it.

    `head_repository_id` is None where the fork that it came from was deleted; `head_pushed_at` is
    when something was last pushed to any branch there.
    """

    number: int
    state: str
    draft: bool
    merged: bool
    locked: bool
    head_sha: str
    head_ref: str
    head_repository_id: int | None
    head_pushed_at: datetime | None
    base_sha: str
    base_ref: str
    base_repository_id: int
    author: str
    updated_at: datetime | None = None

    @property
    def is_fork(self) -> bool:
        """Whether the head lies in another repository than the base."""
        return self.head_repository_id != self.base_repository_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestEvent:
    """`pull_request`: it was opened, pushed to, closed and so on; the `action` says which."""

    action: str
    repository: Repository
    pull_request: PullRequest
    sender: User


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentEvent:
    """`issue_comment`: a comment on the issue or pull request of that number.

    `author` wrote the comment, `sender` did what the `action` says: who edits a comment may be
    somebody else. `app_slug` names the app that wrote it, None when none did.
    """

    action: str
    repository: Repository
    number: int
    is_pull_request: bool
    is_open: bool
    is_locked: bool
    comment_id: int
    body: str
    author: User
    sender: User
    created_at: datetime
    app_slug: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushEvent:
    """`push`: a branch or tag now names the commit `after`, where before it named `before`.

    Those are all zeros where there is none, when the ref was `created` or `deleted`.
    """

    repository: Repository
    ref: str
    before: str
    after: str
    created: bool
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGroupEvent:
    """`merge_group`: a merge queue wants to know whether its commit `head_sha` is good."""

    action: str
    repository: Repository
    head_sha: str
    head_ref: str
    base_sha: str
    base_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchEvent:
    """`workflow_dispatch`: somebody started the Actions workflow by hand, on `ref`."""

    repository: Repository
    ref: str
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEvent:
    """`schedule`: the time given by a cron expression has come.

    `repository` is None on servers that do not say it.
    https://github.blog/changelog/2022-09-27-github-actions-additional-information-available-in-github-event-payload-for-scheduled-workflow-runs/
    """

    repository: Repository | None
    schedule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRunEvent:
    """`check_run`: somebody wants a check run made anew, or has pressed one of its buttons.

    `identifier` is that of the button, None where it was none. `app_id` is of the App that the
    check run is of.
    """

    action: str
    repository: Repository
    head_sha: str
    name: str
    external_id: str
    app_id: int | None
    identifier: str | None
    sender: User


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSuiteEvent:
    """`check_suite`: somebody wants all check runs of an App for one commit made anew."""

    action: str
    repository: Repository
    head_sha: str
    app_id: int | None
    sender: User


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationEvent:
    """`installation`, `installation_repositories`: where the App may work has changed.

    `removed` and `added` are the ids of repositories.
    """

    action: str
    installation_id: int
    account: str
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryEvent:
    """`repository`: it was renamed, transferred, made private, deleted and so on."""

    action: str
    repository: Repository


Event = (
    PullRequestEvent
    | CommentEvent
    | PushEvent
    | MergeGroupEvent
    | DispatchEvent
    | ScheduleEvent
    | CheckRunEvent
    | CheckSuiteEvent
    | InstallationEvent
    | RepositoryEvent
)


def parse_event(name: str, payload: Mapping[str, Any]) -> Event:
    """Return what happened, from an event's name and its JSON.

    Raises UnknownEvent for a name nbci does not act on, and UsageError that names the event and the
    key where the JSON is not what GitHub sends.
    """
    parse = _PARSERS.get(name)
    if parse is None:
        raise UnknownEvent(
            f"nbci does not act on the event {printable(name)}; it does on {', '.join(_PARSERS)}"
        )
    return parse(Payload(f"the event {name}", payload))


def installation_id_of(payload: Mapping[str, Any]) -> int | None:
    """Return through which installation a webhook came, None where it came through none."""
    part = Payload("the webhook", payload).optional_part("installation")
    return part.integer("id") if part else None


def pull_request_from(json: object) -> PullRequest:
    """Return a pull request from its JSON in an event or in an answer of the REST API.

    Raises UsageError where it is not what GitHub sends.
    https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
    """
    return _pull_request(Payload("the pull request", json))


def repository_from(json: object) -> Repository:
    """Return a repository from its JSON in an answer of the REST API.

    Raises UsageError where it is not what GitHub sends.
    https://docs.github.com/rest/repos/repos#get-a-repository
    """
    return _repository(Payload("the repository", {"repository": json}))


def _pull_request(payload: Payload) -> PullRequest:
    head, base = payload.part("head"), payload.part("base")
    repository = head.nullable_part("repo")
    return PullRequest(
        number=payload.integer("number"),
        state=payload.text("state"),
        draft=payload.flag("draft", default=False),
        merged=_is_merged(payload),
        locked=payload.flag("locked", default=False),
        head_sha=head.sha("sha"),
        head_ref=head.text("ref"),
        head_repository_id=repository.integer("id") if repository else None,
        head_pushed_at=repository.optional_time("pushed_at") if repository else None,
        base_sha=base.sha("sha"),
        base_ref=base.text("ref"),
        base_repository_id=base.part("repo").integer("id"),
        author=_author(payload).login,
        updated_at=payload.optional_time("updated_at"),
    )


def _is_merged(payload: Payload) -> bool:
    # Lists of pull requests, and some events, have the time and not the flag.
    return payload.flag("merged", default=payload.optional_text("merged_at") is not None)


def _repository(payload: Payload) -> Repository:
    repository = payload.part("repository")
    return Repository(
        id=repository.integer("id"),
        full_name=repository.text("full_name"),
        default_branch=repository.text("default_branch"),
        private=repository.flag("private", default=False),
        clone_url=repository.optional_text("clone_url") or "",
    )


def _user(user: Payload) -> User:
    login = user.text("login")
    is_bot = user.optional_text("type") == "Bot" or login.endswith("[bot]")
    return User(login=login, id=user.integer("id"), is_bot=is_bot)


def _author(written: Payload) -> User:
    """Return who wrote it; a deleted account is null, and is shown by GitHub as this user."""
    user = written.nullable_part("user")
    return _user(user) if user else User(login="ghost", id=10137, is_bot=False)


def _pull_request_event(payload: Payload) -> PullRequestEvent:
    return PullRequestEvent(
        action=payload.text("action"),
        repository=_repository(payload),
        pull_request=_pull_request(payload.part("pull_request")),
        sender=_user(payload.part("sender")),
    )


def _comment_event(payload: Payload) -> CommentEvent:
    issue, comment = payload.part("issue"), payload.part("comment")
    app = comment.optional_part("performed_via_github_app")
    return CommentEvent(
        action=payload.text("action"),
        repository=_repository(payload),
        number=issue.integer("number"),
        is_pull_request=issue.optional_part("pull_request") is not None,
        is_open=issue.text("state") == "open",
        is_locked=issue.flag("locked", default=False),
        comment_id=comment.integer("id"),
        body=comment.text("body"),
        author=_author(comment),
        sender=_user(payload.part("sender")),
        created_at=comment.time("created_at"),
        app_slug=app.text("slug") if app else None,
    )


def _push_event(payload: Payload) -> PushEvent:
    return PushEvent(
        repository=_repository(payload),
        ref=payload.text("ref"),
        before=payload.sha("before"),
        after=payload.sha("after"),
        created=payload.flag("created"),
        deleted=payload.flag("deleted"),
    )


def _merge_group_event(payload: Payload) -> MergeGroupEvent:
    group = payload.part("merge_group")
    return MergeGroupEvent(
        action=payload.text("action"),
        repository=_repository(payload),
        head_sha=group.sha("head_sha"),
        head_ref=group.text("head_ref"),
        base_sha=group.sha("base_sha"),
        base_ref=group.text("base_ref"),
    )


def _dispatch_event(payload: Payload) -> DispatchEvent:
    return DispatchEvent(
        repository=_repository(payload), ref=payload.text("ref"), inputs=payload.texts("inputs")
    )


def _schedule_event(payload: Payload) -> ScheduleEvent:
    known = payload.optional_part("repository") is not None
    return ScheduleEvent(
        repository=_repository(payload) if known else None, schedule=payload.text("schedule")
    )


def _check_run_event(payload: Payload) -> CheckRunEvent:
    check = payload.part("check_run")
    app = check.optional_part("app")
    pressed = payload.optional_part("requested_action")
    return CheckRunEvent(
        action=payload.text("action"),
        repository=_repository(payload),
        head_sha=check.sha("head_sha"),
        name=check.text("name"),
        external_id=(check.optional_text("external_id") or "").partition("/")[0],
        app_id=app.integer("id") if app else None,
        identifier=pressed.text("identifier") if pressed else None,
        sender=_user(payload.part("sender")),
    )


def _check_suite_event(payload: Payload) -> CheckSuiteEvent:
    suite = payload.part("check_suite")
    app = suite.optional_part("app")
    return CheckSuiteEvent(
        action=payload.text("action"),
        repository=_repository(payload),
        head_sha=suite.sha("head_sha"),
        app_id=app.integer("id") if app else None,
        sender=_user(payload.part("sender")),
    )


def _installation_event(payload: Payload) -> InstallationEvent:
    installation = payload.part("installation")
    account = installation.optional_part("account")
    login = account and (account.optional_text("login") or account.optional_text("slug"))
    action = payload.text("action")
    first = payload.ids("repositories") if action == "created" else ()
    return InstallationEvent(
        action=action,
        installation_id=installation.integer("id"),
        account=login or "",
        added=payload.ids("repositories_added") + first,
        removed=payload.ids("repositories_removed"),
    )


def _repository_event(payload: Payload) -> RepositoryEvent:
    return RepositoryEvent(action=payload.text("action"), repository=_repository(payload))


_PARSERS: Mapping[str, Callable[[Payload], Event]] = {
    "pull_request": _pull_request_event,
    "issue_comment": _comment_event,
    "push": _push_event,
    "merge_group": _merge_group_event,
    "workflow_dispatch": _dispatch_event,
    "schedule": _schedule_event,
    "check_run": _check_run_event,
    "check_suite": _check_suite_event,
    "installation": _installation_event,
    "installation_repositories": _installation_event,
    "repository": _repository_event,
}
