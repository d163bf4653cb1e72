"""The database as workers see it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.pool import QueuePool

from bot.service.jobs import Job
from bot.service.pool import AWAY, CONNECTING, TIMEOUT, DatabaseAway, database_errors
from bot.service.queue import defer

_LIMITS = "SET idle_in_transaction_session_timeout = '20s'; SET lock_timeout = '10s'"
"""What a worker that stops in the middle of a transaction holds is free again after a while."""


class Database:
    """PostgreSQL at *dsn*, with up to *size* connections; for all threads of a process."""

    def __init__(self, dsn: str, *, size: int) -> None:
        def connect() -> psycopg.Connection[Any]:
            connection = psycopg.connect(
                dsn, **CONNECTING, application_name="nbci worker", autocommit=True
            )
            connection.execute(_LIMITS)
            connection.autocommit = False
            return connection

        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=0,
            pool_timeout=TIMEOUT,
            pool_pre_ping=True,
        )

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a connection in a transaction, committed at the end, rolled back after an error.

        Raises DatabaseAway where PostgreSQL cannot be used, or was lost in the middle.
        """
        with database_errors():
            try:
                with self._engine.begin() as connection:
                    yield connection
            except NoConnection as error:
                raise DatabaseAway(f"all connections are in use: {error}") from error
            except DBAPIError as error:
                if isinstance(error.orig, AWAY):
                    raise error.orig from error
                raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def defer_in(connection: Connection, job: Job) -> None:
    """Have *job* done once the transaction of *connection* is committed."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    defer(driver, job)
