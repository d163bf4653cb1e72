"""Whether a database has the schema that this version needs."""

from __future__ import annotations

from typing import NamedTuple

import psycopg
from psycopg_pool import ConnectionPool

from bot.service.pool import database_errors

REVISION = "0001"
"""The newest revision that this version was written for; a test holds it to the migrations."""

FLOOR = "the oldest revision that code may be written for"
"""The name in `cursors` under which a revision that takes something away says who can no more."""

QUERY = f"""
    SELECT version_num, (SELECT value FROM cursors WHERE name = '{FLOOR}') FROM alembic_version
"""  # noqa: S608 - a constant


class Found(NamedTuple):
    """The *revision* that a database is at, and the oldest that code may be written for."""

    revision: str
    floor: str | None


def schema_problem(pool: ConnectionPool) -> str | None:
    """Return what is wrong with the schema and what to do, None where nothing is.

    A later revision is fine unless it says otherwise: it keeps what the version before it uses.
    Raises DatabaseAway.
    """
    with database_errors(), pool.connection() as connection:
        try:
            row = connection.execute(QUERY).fetchone()
        except psycopg.errors.UndefinedTable:
            row = None
    return problem_of(Found(*row) if row else None)


def problem_of(found: Found | None) -> str | None:
    """Return what is wrong with a database as it was *found*, None where nothing is."""
    if found is None:
        return "the database has no tables of nbci: run `nbci migrate`"
    at = f"the database is at revision {found.revision}"
    if found.revision < REVISION:
        return f"{at}, before {REVISION}: run `nbci migrate`"
    if found.floor and found.floor > REVISION:
        return (
            f"{at}, for which nbci has to know revision {found.floor}; this version knows"
            f" {REVISION}: install the later version again"
        )
    return None
