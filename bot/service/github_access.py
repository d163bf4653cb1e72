"""GitHub as one repository's installation may use it, with what is written counted for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, update

from bot.errors import TryLater
from bot.forges.github.api import Api
from bot.forges.github.app import GitHubApp
from bot.service.database import Database
from bot.service.pace import SharedPace
from bot.service.place import Place, place_of
from bot.service.tables import installations


@dataclass(frozen=True, slots=True)
class GitHubAccess:
    """The way to GitHub for whoever acts on a repository."""

    database: Database
    app: GitHubApp
    clock: Callable[[], float]

    def place(self, repository_id: int) -> Place:
        """Return where a repository is; raises TryLater while its installation is to wait."""
        with self.database.begin() as connection:
            place = place_of(connection, repository_id)
        if place.paused_until > self.clock():
            raise TryLater("GitHub asked this installation to wait", place.paused_until)
        return place

    def pace(self, place: Place) -> SharedPace:
        """Return the account of what is written for the installation."""
        return SharedPace(self.database, place.installation_id)

    def api(self, place: Place, before_write: Callable[[], None] = lambda: None) -> Api:
        """Return the API with a token for this repository alone.

        *before_write* is called before each request that may change something.
        """
        pace = self.pace(place)

        def wrote() -> None:
            before_write()
            pace.note()

        def limited(at: float) -> None:
            self._pause(place.installation_id, at)

        return self.app.installation_api(
            place.installation_id, place.repository_id, wrote=wrote, limited=limited
        )

    def _pause(self, installation_id: int, at: float) -> None:
        """Have nobody ask anything for an installation before *at*."""
        with self.database.begin() as connection:
            connection.execute(
                update(installations)
                .where(installations.c.id == installation_id)
                .values(paused_until=func.to_timestamp(at))
            )

    def git_token(self, place: Place) -> str:
        """Return a token that git can fetch this repository with."""
        return self.app.git_token(place.installation_id, place.repository_id)
