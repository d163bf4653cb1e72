"""What the fake remembers of each request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Request:
    """A request, in the order of arrival from 1; *status* is None when no answer was sent.

    *operation* is GitHub's name for it, such as "checks/create", and "git" for git's own traffic.
    *login* is whose token it showed. *fault* is what was done to it.
    """

    number: int
    method: str
    path: str
    query: str
    operation: str | None = None
    login: str | None = None
    status: int | None = None
    fault: str | None = None

    @property
    def is_git(self) -> bool:
        return self.operation == "git"

    @property
    def creates_content(self) -> bool:
        """Whether GitHub may count it among the content-creating ones, of which 80 a minute go."""
        return self.method != "GET" and not self.is_git


@dataclass(frozen=True)
class Violation:
    """A request that GitHub would not have understood."""

    method: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.message}"
