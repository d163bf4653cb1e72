from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from bot.service.database import Database, defer_in
from bot.service.jobs import advance
from bot.service.pool import DatabaseAway
from bot.service.tables import cursors


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    opened = Database(database, size=2)
    yield opened
    opened.close()


_PID = text("SELECT pg_backend_pid()")


def kill(database: str, connection: Connection) -> None:
    with psycopg.connect(database, autocommit=True) as killer:
        killer.execute(
            "SELECT pg_terminate_backend(%s, 10000)", [connection.execute(_PID).scalar()]
        )


def count(database: str, table: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_what_was_done_and_its_job_are_there_together(database, opened):
    with opened.begin() as connection:
        connection.execute(insert(cursors).values(name="a", value="b"))
        defer_in(connection, advance(1))

    assert (count(database, "cursors"), count(database, "procrastinate_jobs")) == (1, 1)


def test_after_an_error_neither_is_there(database, opened):
    def fail_in_the_end() -> None:
        with opened.begin() as connection:
            connection.execute(insert(cursors).values(name="a", value="b"))
            defer_in(connection, advance(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_the_end()

    assert (count(database, "cursors"), count(database, "procrastinate_jobs")) == (0, 0)


def test_what_is_wrong_with_a_statement_is_raised_as_sqlalchemy_says_it(opened):
    with pytest.raises(IntegrityError), opened.begin() as connection:
        connection.execute(insert(cursors).values(name="a", value=None))


def test_a_database_that_is_not_there_is_an_absence(tmp_path):
    nowhere = Database(f"host={tmp_path}", size=1)

    with pytest.raises(DatabaseAway, match="the database cannot be used: "), nowhere.begin():
        pass


@pytest.mark.parametrize("by", ["sqlalchemy", "the driver"])
def test_a_connection_lost_in_the_middle_is_an_absence_and_the_next_is_fine(database, opened, by):
    def lose_the_connection() -> None:
        with opened.begin() as connection:
            kill(database, connection)
            if by == "sqlalchemy":
                connection.execute(select(cursors))
            else:
                defer_in(connection, advance(1))

    with pytest.raises(DatabaseAway):
        lose_the_connection()

    with opened.begin() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_connections_that_died_while_nobody_used_them_are_not_noticed(database, opened):
    with psycopg.connect(database, autocommit=True) as killer:
        with opened.begin() as one, opened.begin() as other:
            pids = [one.execute(_PID).scalar(), other.execute(_PID).scalar()]
        for pid in pids:
            killer.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])

    with opened.begin() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_who_lost_a_race_is_told_to_come_again(database, opened):
    with opened.begin() as connection:
        connection.execute(insert(cursors).values(name="a", value="b"))

    def lose_a_race() -> None:
        with opened.begin() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
            connection.execute(select(cursors))
            with psycopg.connect(database) as other:
                other.execute("UPDATE cursors SET value = 'theirs'")
            connection.execute(text("UPDATE cursors SET value = 'ours'"))

    with pytest.raises(DatabaseAway, match="could not serialize access"):
        lose_a_race()


def test_who_stops_in_the_middle_does_not_hold_for_ever_what_others_wait_for(database, opened):
    with opened.begin() as connection:
        connection.execute(insert(cursors).values(name="a", value="b"))
        patience = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()

    def stop_in_the_middle() -> None:
        with opened.begin() as connection:
            connection.execute(text("SET idle_in_transaction_session_timeout = '50ms'"))
            connection.execute(text("UPDATE cursors SET value = 'ours'"))
            with psycopg.connect(database) as other:
                other.execute("UPDATE cursors SET value = 'theirs'")
            connection.execute(text("UPDATE cursors SET value = 'ours again'"))

    with pytest.raises(DatabaseAway):
        stop_in_the_middle()

    with opened.begin() as connection:
        assert connection.execute(select(cursors.c.value)).scalar() == "theirs"
    assert patience == "20s"


def test_more_than_there_are_connections_is_an_absence(database):
    small = Database(database, size=1)
    with (
        small.begin(),
        pytest.raises(DatabaseAway, match="all connections are in use"),
        small.begin(),
    ):
        pass
    small.close()
