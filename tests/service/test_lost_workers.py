from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from building import worker_process
from building.waiting import wait_until
from psycopg_pool import ConnectionPool

from bot.service.database import Database
from bot.service.embedded import ensure_database
from bot.service.jobs import Job, Lease
from bot.service.migrations.migrate import migrate
from bot.service.pool import make_pool
from bot.service.postgres_programs import programs_for
from bot.service.queue import defer
from bot.service.worker_queue import WorkerQueue

A_LOCK = 7

LISTENING = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'nbci queue' AND query LIKE 'LISTEN%'
"""


def rows(dsn: str, query: str) -> list[Any]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query).fetchall()


class Stage:
    """A database, processes that work on its jobs, and the story that they tell."""

    def __init__(self, dsn: str, processes: contextlib.ExitStack) -> None:
        self.dsn = dsn
        self.processes = processes
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE story (who text, number int, what text)")

    def rows(self, query: str) -> list[Any]:
        return rows(self.dsn, query)

    def story(self) -> list[tuple[str, int, str]]:
        return self.rows("SELECT who, number, what FROM story ORDER BY number, what, who")

    def start(self, name: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, worker_process.__file__, self.dsn, name])
        self.processes.callback(process.wait)
        self.processes.callback(process.kill)
        return process

    def defer(self, number: int, **more: int) -> None:
        with psycopg.connect(self.dsn) as connection:
            defer(connection, Job("work", {"number": number, **more}, lock=f"lock {number}"))

    @contextlib.contextmanager
    def hold(self, lock: int) -> Iterator[None]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [lock])
            yield

    def wait_for(self, *story: tuple[str, int, str]) -> None:
        wait_until(lambda: set(story) <= set(self.story()), f"{story} in the story")

    def wait_for_the_end(self) -> None:
        wait_until(lambda: not self.rows("SELECT 1 FROM procrastinate_jobs"), "all jobs are done")


@pytest.fixture
def stage(database: str) -> Iterator[Stage]:
    with contextlib.ExitStack() as processes:
        yield Stage(database, processes)


def test_two_workers_share_the_work(stage):
    stage.start("A")
    stage.start("B")
    with stage.hold(A_LOCK):
        for number in range(4):
            stage.defer(number, hold=A_LOCK)
        wait_until(lambda: len(stage.story()) == 4, "all are at work: two at each")

    stage.wait_for_the_end()

    assert [what for _, _, what in stage.story()] == ["began", "done"] * 4
    assert sorted(who for who, _, what in stage.story() if what == "done") == ["A", "A", "B", "B"]


def test_what_a_killed_worker_was_at_is_done_by_another(stage):
    with stage.hold(A_LOCK):
        first = stage.start("A")
        stage.defer(1, hold=A_LOCK)
        stage.wait_for(("A", 1, "began"))
        stage.start("B")
        first.kill()
        stage.wait_for(("B", 1, "began"))
    stage.wait_for_the_end()

    assert stage.story() == [("A", 1, "began"), ("B", 1, "began"), ("B", 1, "done")]


def test_a_worker_that_wakes_up_late_does_not_end_what_was_given_to_another(stage):
    with stage.hold(A_LOCK):
        paused = stage.start("A")
        stage.defer(1, hold=A_LOCK)
        stage.wait_for(("A", 1, "began"))
        paused.send_signal(signal.SIGSTOP)
        other = stage.start("B")
        stage.wait_for(("B", 1, "began"))
        other.send_signal(signal.SIGSTOP)
        assert stage.rows("SELECT status, attempts FROM procrastinate_jobs") == [("doing", 1)]

    # B is asleep now, and the lock is free: this is A, too late.
    paused.send_signal(signal.SIGCONT)
    stage.wait_for(("A", 1, "not ours any more"))
    other.send_signal(signal.SIGCONT)
    stage.wait_for_the_end()

    # Had A ended the job, nobody's it would be, and nobody would have done it.
    assert [entry for entry in stage.story() if entry[2] == "done"]


def test_a_worker_that_is_told_to_stop_finishes_and_leaves_the_rest(stage):
    with stage.hold(A_LOCK):
        process = stage.start("A")
        for number in range(3):
            stage.defer(number, hold=A_LOCK)
        wait_until(lambda: len(stage.story()) == 2, "as much is at work as may be")
        process.terminate()
        wait_until(lambda: not stage.rows(LISTENING), "it does not listen any more")

    assert process.wait(60) == 0
    assert len([entry for entry in stage.story() if entry[2] == "done"]) == 2
    assert stage.rows("SELECT status, attempts FROM procrastinate_jobs") == [("todo", 0)]
    assert stage.rows("SELECT * FROM procrastinate_workers") == []


@pytest.fixture
def own_server(open_path: Path) -> str:
    dsn = ensure_database(open_path / "data")
    migrate(dsn)
    return dsn


def test_no_job_is_lost_when_postgresql_is_restarted_in_the_middle(own_server, open_path):
    begun, go_on, stop = threading.Event(), threading.Event(), threading.Event()
    done: list[int] = []

    def work(_: Lease, number: int) -> None:
        begun.set()
        go_on.wait()
        done.append(number)

    database = Database(own_server, size=2)
    queue = WorkerQueue(
        dsn=own_server,
        database=database,
        tasks={"work": work},
        concurrency=1,
        heartbeat=0.25,
        stalled_after=60.0,
        patience=60.0,
    )
    thread = threading.Thread(target=queue.run, args=(stop,))
    thread.start()
    with make_pool(own_server, 1) as pool:
        defer_work(pool, 1)
        defer_work(pool, 2)
        begun.wait()
        restart(open_path / "data" / "postgres")
        go_on.set()
        defer_work(pool, 3)
    wait_until(lambda: not rows(own_server, "SELECT * FROM procrastinate_jobs"), "all are done")
    wait_until(lambda: rows(own_server, LISTENING), "it is told of new jobs again")
    stop.set()
    thread.join()
    database.close()

    assert sorted(set(done)) == [1, 2, 3]


def restart(home: Path) -> None:
    """Restart PostgreSQL without letting anybody finish anything."""
    how = ("restart", "-D", ".", "-m", "immediate", "-w", "-l", "../server.log")
    programs_for(home).run("pg_ctl", *how, folder=home / "data")


def defer_work(pool: ConnectionPool, number: int) -> None:
    with pool.connection() as connection:
        defer(connection, Job("work", {"number": number}))
