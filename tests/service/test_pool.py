from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from bot.service.embedded import ensure_database, stop_database
from bot.service.pool import DatabaseAway, database_errors, make_pool


@pytest.fixture
def pool(database: str) -> Iterator[ConnectionPool]:
    with make_pool(database, 2) as pool:
        yield pool


def ask(pool: ConnectionPool, query: str) -> object:
    with database_errors(), pool.connection() as connection:
        row = connection.execute(query).fetchone()
    return row and row[0]


def test_a_pool_is_made_and_closed_where_no_database_is(tmp_path):
    with make_pool(f"host={tmp_path}", 2):
        pass


def test_a_database_that_is_not_there_is_said_to_be_away(tmp_path):
    with (
        make_pool(f"host={tmp_path}", 2) as pool,
        pytest.raises(DatabaseAway, match="the database cannot be used: "),
    ):
        ask(pool, "SELECT 1")


def test_a_database_that_comes_back_is_used_again(open_path):
    dsn = ensure_database(open_path / "data")
    with make_pool(dsn, 2) as pool:
        assert ask(pool, "SELECT 1") == 1
        stop_database(open_path / "data")
        with pytest.raises(DatabaseAway):
            ask(pool, "SELECT 1")

        ensure_database(open_path / "data")

        assert ask(pool, "SELECT 1") == 1


def test_a_connection_that_has_died_is_replaced_before_it_is_used(pool):
    backend = ask(pool, "SELECT pg_backend_pid()")
    with psycopg.connect(pool.conninfo, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [backend])

    assert ask(pool, "SELECT 1") == 1


def test_a_connection_that_dies_while_it_is_used_is_an_absence(pool):
    def die() -> None:
        with database_errors(), pool.connection() as connection:
            with psycopg.connect(pool.conninfo, autocommit=True) as other:
                backend = connection.info.backend_pid
                other.execute("SELECT pg_terminate_backend(%s, 10000)", [backend])
            connection.execute("SELECT 1")

    with pytest.raises(DatabaseAway):
        die()


def test_when_all_connections_are_in_use_the_next_is_told_in_time(pool):
    with (
        pool.connection(),
        pool.connection(),
        pytest.raises(DatabaseAway, match="couldn't get a connection"),
    ):
        ask(pool, "SELECT 1")


def test_a_database_that_lets_nobody_else_in_is_an_absence(database):
    with psycopg.connect(database, autocommit=True) as connection:
        name = f"role_of_{connection.info.dbname}"
        connection.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 0")
    with make_pool(make_conninfo(database, user=name), 2) as pool, pytest.raises(DatabaseAway):
        ask(pool, "SELECT 1")

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("code", ["53100", "53200", "53300", "57P01", "57P03", "40001", "40P01"])
def test_what_is_not_the_fault_of_what_was_asked_is_an_absence(pool, code):
    """As a full disk is, memory, connections, a server that shuts down, a lost race."""
    with pytest.raises(DatabaseAway):
        ask(pool, f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$")

    assert ask(pool, "SELECT 1") == 1


def test_a_database_that_may_only_be_read_is_an_absence(pool):
    with pytest.raises(DatabaseAway, match="cannot execute INSERT in a read-only transaction"):
        ask(pool, "SET TRANSACTION READ ONLY; INSERT INTO cursors VALUES ('a', 'b')")


def test_what_is_wrong_with_what_was_asked_stays_as_it_is(pool):
    with pytest.raises(psycopg.errors.UndefinedTable):
        ask(pool, "SELECT * FROM nothing")


def test_neither_sqlalchemy_nor_the_queue_is_imported_to_defer_a_job():
    lean = [
        "import bot.service.pool, bot.service.queue, bot.service.schema, sys",
        "print([m for m in ('sqlalchemy', 'procrastinate', 'alembic') if m in sys.modules])",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lean)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert done.stdout.strip() == "[]"
