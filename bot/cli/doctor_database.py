"""Whether the bot's database can be used, and whether somebody works on what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

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
    """Look at the database and what is in it; one that nbci brings along is not started for that."""
    own = settings.data_dir.absolute() / "postgres" / "data"
    if settings.database_url is None and not is_alive(own):
        text = "the PostgreSQL that nbci brings along is not running"
        yield Finding("Database", text, "`nbci serve` starts it")
        return
    try:
        with psycopg.connect(database_dsn(settings), **CONNECTING, autocommit=True) as connection:
            yield from _inside(connection)
    except psycopg.ProgrammingError:
        # The error quotes what it cannot read, and that may be the password.
        yield _unusable(
            "DATABASE_URL is no address of a PostgreSQL",
            "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        )
    except (psycopg.Error, NbciError) as error:
        yield _unusable(_in_short(error), "see that it runs, and that DATABASE_URL leads to it")
    except OSError as error:
        who = "run `nbci doctor` as the user that the bot is run by"
        yield _unusable(f"{own.parent}: {error.strerror}", who)


def _inside(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    version, is_standby = _row(connection, _SERVER)
    if is_standby:
        yield _unusable("it is a standby, which only reads", "let DATABASE_URL lead to the primary")
        return
    yield Finding("Database", f"PostgreSQL {version}")
    try:
        found: Found | None = Found(*_row(connection, QUERY))
    except psycopg.errors.UndefinedTable:
        found = None
    if problem := problem_of(found):
        text, _, advice = problem.rpartition(": ")
        yield Finding("Schema", text, advice, True)
        return
    yield Finding("Schema", f"revision {found.revision if found else ''}")
    yield from _work(connection)


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
