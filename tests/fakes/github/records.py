"""What people and apps leave on a repository: comments, reactions, check runs, statuses, runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fakes.github.accounts import Account, App

if TYPE_CHECKING:
    from fakes.github.pulls import Issue
    from fakes.github.repository import Repository


@dataclass
class Reaction:
    """A reaction to a comment."""

    id: int
    account: Account
    content: str
    created_at: str


@dataclass
class Comment:
    """A comment on an issue or pull request; *bodies* are all it has ever said."""

    id: int
    repository: Repository = field(repr=False)
    issue: Issue = field(repr=False)
    account: Account
    app: App | None
    association: str
    bodies: list[str]
    created_at: str
    updated_at: str
    reactions: list[Reaction] = field(default_factory=list)

    @property
    def body(self) -> str:
        return self.bodies[-1]

    @property
    def login(self) -> str:
        return self.account.login

    def edit(self, body: str) -> None:
        """Change what the comment says."""
        self.bodies.append(body)
        self.updated_at = self.repository.github.now()

    def event(self, action: str = "created", sender: str | None = None) -> dict[str, Any]:
        """Return the payload of an `issue_comment` event."""
        from fakes.github.events import comment_event

        return comment_event(self, action, sender or self.login)


@dataclass(frozen=True)
class CheckState:
    """What a check run said at one time."""

    status: str
    conclusion: str | None
    title: str | None


@dataclass
class CheckRun:
    """A check run; *history* has one entry for its creation and each update."""

    id: int
    app: App
    name: str
    head_sha: str
    suite_id: int
    external_id: str = ""
    details_url: str | None = None
    status: str = "queued"
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    history: list[CheckState] = field(default_factory=list)

    def remember(self) -> None:
        self.history.append(CheckState(self.status, self.conclusion, self.title))


@dataclass(frozen=True)
class Status:
    """A commit status."""

    id: int
    sha: str
    account: Account
    state: str
    context: str
    description: str | None
    target_url: str | None
    created_at: str


@dataclass
class WorkflowRun:
    """A run of a workflow of GitHub Actions."""

    id: int
    name: str
    path: str
    event: str
    head_sha: str
    head_branch: str | None
    account: Account
    status: str
    conclusion: str | None
    created_at: str
    pull_numbers: tuple[int, ...] = ()
    run_attempt: int = 1
