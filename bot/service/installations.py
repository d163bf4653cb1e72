"""What is done when the App is installed, suspended or removed, or given other repositories."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sqlalchemy import func, select, update

from bot.forges.github.events import InstallationEvent
from bot.service.engine import Engine
from bot.service.pulls import look_at_pull
from bot.service.repositories import give_up_all, note_installation, refresh
from bot.service.tables import installations, repositories

_MOST_PULLS = 100
"""Pull requests of a repository that are looked at when it can be reached again."""


def note_event(engine: Engine, event: InstallationEvent) -> None:
    """Bring what is known of an installation, and of repositories of its, up to date.

    Where nbci can no longer be, reviews are given up and nothing is asked of GitHub any more. Where
    it can be again, the open pull requests are looked at, of which nobody has told meanwhile.
    """
    engine.app.forget(event.installation_id)
    found = engine.app.installation(event.installation_id)
    if found is None:
        _note_gone(engine, event.installation_id)
        return
    with engine.database.begin() as connection:
        note_installation(connection, found)
    if found.is_suspended:
        return
    changed = {*event.added, *event.removed}
    for repository_id in _repositories(engine, event.installation_id, changed):
        if refresh(engine, repository_id):
            _look_at_pulls(engine, repository_id)


def _note_gone(engine: Engine, installation_id: int) -> None:
    with engine.database.begin() as connection:
        connection.execute(
            update(installations)
            .where(installations.c.id == installation_id)
            .values(removed_at=func.now())
        )
        give_up_all(connection, "nbci was removed", installation_id=installation_id)


def _repositories(engine: Engine, installation_id: int, changed: Iterable[int]) -> list[int]:
    """Return those of *changed* that are known; without any, all that the installation has."""
    wanted = select(repositories.c.id).order_by(repositories.c.id)
    if ids := list(changed):
        wanted = wanted.where(repositories.c.id.in_(ids))
    else:
        wanted = wanted.where(repositories.c.installation_id == installation_id)
    with engine.database.begin() as connection:
        return list(connection.execute(wanted).scalars())


def _look_at_pulls(engine: Engine, repository_id: int) -> None:
    place = engine.access.place(repository_id)
    for number in islice(engine.repository(place).open_pull_requests(), _MOST_PULLS):
        look_at_pull(engine, place, number)
