"""Where repositories are: known by their numeric ids, and read back from GitHub.

What an event says of a repository is taken as a hint that something may have changed. So it does
not matter in which order events come, and nothing is done with one installation's token about a
repository that is not its own.
"""

from __future__ import annotations

from http import HTTPStatus

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.forges.github.api import Refused
from bot.forges.github.app import Installation
from bot.forges.github.events import Repository
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.store import give_up
from bot.service.tables import installations, repositories, reviews

_NOT_THERE = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
"""How GitHub refuses a token for a repository that is not of the installation, or to show it."""


def find_place(engine: Engine, told: Repository, installation_id: int) -> Place | None:
    """Return where the repository is that an event has *told* of, None where nbci may do nothing.

    That is where it is not of this installation, or of a suspended one. Raises TryLater while the
    installation is to wait.
    """
    with engine.database.begin() as connection:
        is_as_told = _is_as_told(connection, told, installation_id)
    if not is_as_told and not refresh(engine, told.id, told.full_name):
        return None
    place = engine.access.place(told.id)
    is_theirs = place.installation_id == installation_id
    return place if is_theirs and place.is_reachable else None


def refresh(engine: Engine, repository_id: int, *names: str) -> bool:
    """Read back from GitHub where a repository is; return whether it can be reached.

    *names* are such as it may have now, beside the one that is known.
    """
    with engine.database.begin() as connection:
        known = connection.execute(
            select(repositories.c.full_name).where(repositories.c.id == repository_id)
        ).scalar()
    for name in dict.fromkeys([*names, *([known] if known else [])]):
        installation = engine.app.installation_of(name)
        if installation is None:
            continue
        with engine.database.begin() as connection:
            note_installation(connection, installation)
        if installation.is_suspended:
            return False
        if found := _found(engine, repository_id, name, installation):
            with engine.database.begin() as connection:
                _note_repository(connection, found, installation.id)
            return True
    with engine.database.begin() as connection:
        _note_removed(connection, repository_id)
    return False


def note_installation(connection: Connection, found: Installation) -> None:
    """Note how an installation stands; while it is suspended, its reviews are given up."""
    values = {
        "account": found.account,
        "suspended_at": func.now() if found.is_suspended else None,
        "removed_at": None,
    }
    row = insert(installations).values(id=found.id, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
    if found.is_suspended:
        give_up_all(connection, "nbci was suspended", installation_id=found.id)


def give_up_all(connection: Connection, reason: str, **of: int) -> None:
    """Have every open review ended that has these values in its columns."""
    wanted = select(reviews.c.id).filter_by(**of).where(~reviews.c.is_over)
    for review_id in connection.execute(wanted).scalars().all():
        give_up(connection, review_id, reason)


def _is_as_told(connection: Connection, told: Repository, installation_id: int) -> bool:
    """Return whether everything that *told* says is known already."""
    wanted = (
        select(repositories.c.id)
        .join(installations, installations.c.id == repositories.c.installation_id)
        .where(
            repositories.c.id == told.id,
            repositories.c.installation_id == installation_id,
            repositories.c.full_name == told.full_name,
            repositories.c.default_branch == told.default_branch,
            repositories.c.private == told.private,
            repositories.c.removed_at.is_(None),
            installations.c.removed_at.is_(None),
            installations.c.suspended_at.is_(None),
        )
    )
    return connection.execute(wanted).first() is not None


def _found(
    engine: Engine, repository_id: int, name: str, installation: Installation
) -> Repository | None:
    """Return the repository as GitHub describes it now, None where the name is another one's."""
    place = Place(
        repository_id=repository_id,
        installation_id=installation.id,
        full_name=name,
        default_branch="",
        clone_url="",
        is_reachable=True,
        paused_until=0.0,
    )
    try:
        found = engine.repository(place).description()
    except Refused as refused:
        if refused.status in _NOT_THERE:
            return None
        raise
    return found if found.id == repository_id else None


def _note_repository(connection: Connection, found: Repository, installation_id: int) -> None:
    values = {
        "installation_id": installation_id,
        "full_name": found.full_name,
        "default_branch": found.default_branch,
        "clone_url": found.clone_url,
        "private": found.private,
        "removed_at": None,
    }
    row = insert(repositories).values(id=found.id, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))


def _note_removed(connection: Connection, repository_id: int) -> None:
    gone = update(repositories).where(
        repositories.c.id == repository_id, repositories.c.removed_at.is_(None)
    )
    if connection.execute(gone.values(removed_at=func.now())).rowcount:
        give_up_all(connection, "nbci was removed", repository_id=repository_id)
