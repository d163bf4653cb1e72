"""Whether the bot's database can be used, and whether somebody works on what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bot.cli.findings import Finding
from bot.errors import NbciError
from bot.model import printable
from bot.service.pool import CONNECTING
from bot.service.postmaster import is_alive
from bot.service.schema import QUERY, Found, problem_of
from bot.settings import Settings
from bot.wiring.database import database_dsn

_SERVER = "SELECT current_setting('server_version'), pg_is_in_recovery()"
_WORKERS = """
    SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'
"""
_DELIVERIES = """
    SELECT count(*) FILTER (WHERE state = 'waiting' AND received_at < now() - interval '5 minutes'),
           count(*) FILTER (WHERE state = 'failed' AND received_at > now() - interval '1 day')
    FROM deliveries
"""


def database_findings(settings: Settings) -> Iterator[Finding]:
    """Look at the database and what is in it; the one that nbci brings along is not started."""
    own = settings.data_dir.absolute() / "postgres"
    if settings.database_url is None and not is_alive(own / "data"):
        text = "the PostgreSQL that nbci brings along is not running, as far as this user can see"
        yield Finding("Database", text, "`nbci serve` starts it")
        return
    try:
        dsn = database_dsn(settings)
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        # The error quotes what it cannot read, and that may be the password.
        address = "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        yield _unusable("DATABASE_URL is no address of a PostgreSQL", address)
    except (NbciError, OSError) as error:
        yield _unusable(_in_short(error), f"run `nbci doctor` as the user whose {own} is")
    else:
        yield from _at(dsn)


def _at(dsn: str) -> Iterator[Finding]:
    try:
        with psycopg.connect(dsn, **CONNECTING, autocommit=True) as connection:
            yield from _inside(connection)
    except psycopg.Error as error:
        yield _unusable(_in_short(error), "see that it runs, and that DATABASE_URL leads to it")


def _inside(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    version, is_standby = _row(connection, _SERVER)
    if is_standby:
        yield _unusable("it is a standby, which only reads", "let DATABASE_URL lead to the primary")
        return
    yield Finding("Database", f"PostgreSQL {version}")
    found = _schema(connection)
    if problem := problem_of(found):
        text, _, advice = problem.rpartition(": ")
        yield Finding("Schema", text, advice, is_fatal=True)
        return
    yield Finding("Schema", f"revision {found.revision if found else ''}")
    yield from _work(connection)


def _schema(connection: psycopg.Connection[Any]) -> Found | None:
    try:
        row = connection.execute(QUERY.encode()).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return Found(*row) if row else None


def _work(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    (workers,) = _row(connection, _WORKERS)
    if workers:
        yield Finding("Workers", f"{workers} at work")
    else:
        yield Finding("Workers", "none at work", "start `nbci serve`, or `nbci worker`")
    waiting, failed = _row(connection, _DELIVERIES)
    if waiting:
        advice = "start a worker, or see the log of those that there are"
        yield Finding("Webhooks", f"{waiting} have waited for more than 5 minutes", advice)
    if failed:
        advice = "see the column `note` of the table `deliveries`"
        yield Finding("Webhooks", f"{failed} of the last day could not be acted on", advice)


def _row(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


def _unusable(text: str, advice: str) -> Finding:
    return Finding("Database", text, advice, is_fatal=True)


def _in_short(error: Exception) -> str:
    return printable(str(error).strip().partition("\n")[0]) or type(error).__name__
