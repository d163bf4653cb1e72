"""Bringing a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from bot.errors import UsageError
from bot.service.database import Database
from bot.service.schema import QUERY, REVISION, Found, problem_of


def migrate(dsn: str) -> None:
    """Bring the database at *dsn* to the newest revision; several at once wait for each other.

    All revisions take effect together, or none. A database that a later version of nbci has
    brought further stays as it is. Raises UsageError where this version cannot use that one, and
    DatabaseAway.
    """
    database = Database(dsn, size=1)
    try:
        with database.begin() as connection:
            # Others may be at work for longer than the lock_timeout of a worker's connections.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('nbci migrations'))"))
            _upgrade(connection)
    finally:
        database.close()


def _upgrade(connection: Connection) -> None:
    found = _found(connection)
    if found and found.revision >= REVISION:
        if problem := problem_of(found):
            raise UsageError(problem)
        return
    config = Config()
    # `%` would begin an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, REVISION)


def _found(connection: Connection) -> Found | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    row = connection.execute(text(QUERY)).one_or_none()
    return Found(*row) if row else None
