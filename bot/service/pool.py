"""Connections to PostgreSQL for the web: lean to import, and quick to say that it is away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool

from bot.errors import NbciError

TIMEOUT = 2.0
"""Seconds to wait for a connection, and for it to be made."""

AWAY = (
    # No connection, a lost one, none free in time; a full disk, a server that shuts down, a lost
    # race with another transaction.
    psycopg.OperationalError,
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
)
"""What says that nothing is wrong with what was asked.

https://www.psycopg.org/psycopg3/docs/api/errors.html has the classes,
https://www.postgresql.org/docs/current/errcodes-appendix.html what they stand for.
"""

CONNECTING: dict[str, Any] = {
    "connect_timeout": 2,
    # Seconds until a peer is given up that has gone without a word, as in a failover.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}
"""https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""


class DatabaseAway(NbciError):
    """PostgreSQL cannot be used now; whether the last thing asked was done is not known."""


@contextlib.contextmanager
def database_errors() -> Iterator[None]:
    """Raise DatabaseAway for what says that PostgreSQL is not there, or cannot store anything."""
    try:
        yield
    except AWAY as error:
        raise DatabaseAway(f"the database cannot be used: {_in_short(error)}") from error


def make_pool(dsn: str, size: int) -> ConnectionPool:
    """Return a pool of up to *size* connections, made when they are asked for.

    A connection that has died is replaced before anybody gets it. Where none can be had in time,
    psycopg_pool.PoolTimeout is raised.
    """
    return ConnectionPool(
        dsn,
        min_size=0,
        max_size=size,
        timeout=TIMEOUT,
        max_waiting=size * 50,
        max_idle=300.0,
        reconnect_timeout=TIMEOUT,
        check=ConnectionPool.check_connection,
        kwargs={**CONNECTING, "application_name": "nbci web"},
        open=True,
    )


def _in_short(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
