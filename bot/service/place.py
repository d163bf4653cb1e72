"""Where a review belongs on GitHub, as the database knows it now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from bot.service.tables import installations, repositories


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository and the installation through which it is reached.

    `is_reachable` is false once the App is suspended or removed there. `paused_until`, in seconds
    since the epoch, is when something may be asked of GitHub again.
    """

    repository_id: int
    installation_id: int
    full_name: str
    default_branch: str
    clone_url: str
    is_reachable: bool
    paused_until: float


def place_of(connection: Connection, repository_id: int) -> Place:
    """Return where the repository of this id is; raises NoResultFound for an unknown one."""
    wanted = (
        select(
            repositories.c.installation_id,
            repositories.c.full_name,
            repositories.c.default_branch,
            repositories.c.clone_url,
            repositories.c.removed_at.label("gone"),
            installations.c.removed_at,
            installations.c.suspended_at,
            installations.c.paused_until,
        )
        .join_from(
            repositories,
            installations,
            installations.c.id == repositories.c.installation_id,
            isouter=True,
        )
        .where(repositories.c.id == repository_id)
    )
    row = connection.execute(wanted).one()
    paused = row.paused_until
    return Place(
        repository_id=repository_id,
        installation_id=row.installation_id,
        full_name=row.full_name,
        default_branch=row.default_branch,
        clone_url=row.clone_url,
        is_reachable=not (row.gone or row.removed_at or row.suspended_at),
        paused_until=paused.timestamp() if paused else 0.0,
    )
