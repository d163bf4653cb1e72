"""Who acts on the fake GitHub: users, apps, and the tokens they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakes.github.installing import Installation, InstalledApp
    from fakes.github.repository import Repository

LEVELS = {"read": 1, "write": 2, "admin": 3}
# What `permissions:` of a workflow can give, as nbci's own workflows ask for it.
DEFAULT_PERMISSIONS = {
    "actions": "read",
    "checks": "write",
    "contents": "read",
    "issues": "write",
    "pull_requests": "write",
    "statuses": "write",
}


@dataclass(frozen=True)
class Account:
    """A user, a bot or an organisation."""

    login: str
    id: int

    @property
    def kind(self) -> str:
        return "Bot" if self.login.endswith("[bot]") else "User"


@dataclass(frozen=True)
class App:
    """A GitHub App, such as the one behind GITHUB_TOKEN."""

    slug: str
    id: int


@dataclass
class Token:
    """A token: an app's for some repositories, or with *app* None a person's.

    An app that signs as itself is the *signer*; else *installation* is whose token it is, if any.
    """

    value: str = field(repr=False)
    account: Account
    app: App | None
    repositories: tuple[Repository, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    expired: bool = False
    installation: Installation | None = None
    signer: InstalledApp | None = None

    @property
    def is_good(self) -> bool:
        """Whether GitHub accepts it."""
        gone = self.installation and (self.installation.suspended or self.installation.removed)
        return not self.expired and not gone

    def may(self, permission: str, level: str, repository: Repository) -> bool:
        """Whether the token has a permission on a repository, which it can see."""
        if level == "read" and not repository.private:
            return True
        if self.app is None:
            role = repository.role(self.account.login)
            return role in ("admin", "maintain", "write") or (level == "read" and role != "none")
        if repository not in self.repositories:
            return False
        given = "read" if permission == "metadata" else self.permissions.get(permission, "")
        return LEVELS.get(given, 0) >= LEVELS[level]

    def may_see(self, repository: Repository) -> bool:
        if not repository.private:
            return True
        if self.app is None:
            return repository.role(self.account.login) != "none"
        return repository in self.repositories
