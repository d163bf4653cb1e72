from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from bot.service.jobs import Job, advance, take_delivery
from bot.service.queue import QUEUE, defer


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(database, row_factory=dict_row, autocommit=True) as connection:
        yield connection


@pytest.fixture
def other(database: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(database, row_factory=dict_row, autocommit=True) as connection:
        yield connection


def jobs(connection: psycopg.Connection[dict[str, Any]]) -> list[dict[str, Any]]:
    return connection.execute("SELECT * FROM procrastinate_jobs ORDER BY id").fetchall()


def fetch(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, Any] | None:
    """Take a job as a worker does."""
    worker = connection.execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
    found = worker.fetchone()
    assert found is not None
    job = connection.execute(
        "SELECT * FROM procrastinate_fetch_job_v2(%s::varchar[], %s)", [[QUEUE], found["worker_id"]]
    ).fetchone()
    return job if job and job["id"] else None


def test_a_job_waits_with_its_name_and_arguments(connection):
    defer(connection, advance(7))

    [job] = jobs(connection)
    assert (job["task_name"], job["args"], job["status"]) == ("advance", {"review_id": 7}, "todo")
    assert (job["lock"], job["queueing_lock"]) == ("review:7", "review:7")


def test_a_job_is_there_once_the_transaction_is_committed(connection, other):
    with connection.transaction():
        defer(connection, advance(7))
        assert fetch(other) is None

    assert fetch(other)


def test_after_a_rollback_there_is_no_job(connection):
    with connection.transaction(force_rollback=True):
        defer(connection, advance(7))

    assert jobs(connection) == []


def test_of_jobs_with_one_lock_one_waits_with_the_last_arguments(connection):
    defer(connection, Job("look", {"at": 1}, lock="one"))
    defer(connection, Job("look", {"at": 2}, lock="one"))

    assert [job["args"] for job in jobs(connection)] == [{"at": 2}]


def test_of_jobs_without_a_lock_all_wait(connection):
    defer(connection, take_delivery("one"))
    defer(connection, take_delivery("two"))

    assert len(jobs(connection)) == 2


def test_while_a_job_is_at_work_its_like_waits(connection):
    defer(connection, advance(7))
    assert fetch(connection)
    defer(connection, advance(7))

    assert [job["status"] for job in jobs(connection)] == ["doing", "todo"]
    assert fetch(connection) is None


def test_a_waiting_job_does_not_begin_before_what_it_is_to_see_is_there(connection, other):
    defer(connection, advance(7))

    with connection.transaction():
        connection.execute("INSERT INTO cursors VALUES ('what it is to see', '')")
        defer(connection, advance(7))
        too_early = fetch(other)

    assert too_early is None
    assert fetch(other)


def test_a_worker_that_passed_over_a_job_is_told_to_look_again(connection, other):
    defer(connection, advance(7))
    other.execute(f'LISTEN "procrastinate_queue_v1#{QUEUE}"')

    with connection.transaction():
        defer(connection, advance(7))
        assert fetch(other) is None

    [told] = other.notifies(timeout=30, stop_after=1)
    [job] = jobs(connection)
    assert json.loads(told.payload) == {"type": "job_inserted", "job_id": job["id"]}


def test_a_job_that_was_to_wait_is_done_at_once_when_it_is_asked_for(connection):
    defer(connection, advance(7))
    connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour'")
    assert fetch(connection) is None

    defer(connection, advance(7))

    assert fetch(connection)
