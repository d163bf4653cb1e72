"""What acting on an event takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.forges.github.app import GitHubApp
from bot.forges.github.comments import Comments
from bot.forges.github.repository import GitHubRepository
from bot.report.comment import is_ours
from bot.service.database import Database
from bot.service.github_access import GitHubAccess
from bot.service.place import Place


@dataclass(frozen=True, slots=True)
class Engine:
    """The database, and GitHub as the App and as its installations; `backend` runs notebooks."""

    database: Database
    app: GitHubApp
    access: GitHubAccess
    backend: str
    clock: Callable[[], float]

    def repository(self, place: Place) -> GitHubRepository:
        """Return a repository as its installation may see it."""
        return GitHubRepository(self.access.api(place), place.full_name)

    def comments(self, place: Place, number: int) -> Comments:
        """Return the comments of a pull request."""
        login = f"{self.app.slug}[bot]"
        api = self.access.api(place)
        return Comments(api, place.full_name, number, is_ours=is_ours, login=login)
