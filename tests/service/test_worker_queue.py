from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from building.waiting import wait_until

from bot.service.database import Database
from bot.service.jobs import Job, Lease
from bot.service.pool import DatabaseAway
from bot.service.queue import defer
from bot.service.worker_queue import WorkerQueue

Work = Callable[..., None]


class Workers:
    """Workers of one database, each in a thread of this process."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.database = Database(dsn, size=4)

    def queue(self, tasks: dict[str, Work], **changes: Any) -> WorkerQueue:
        how = {"concurrency": 2, "heartbeat": 0.2, "stalled_after": 20.0, "patience": 20.0}
        return WorkerQueue(dsn=self.dsn, database=self.database, tasks=tasks, **{**how, **changes})

    @contextlib.contextmanager
    def working(self, **tasks: Work) -> Iterator[threading.Event]:
        stop = threading.Event()
        thread = threading.Thread(target=self.queue(tasks).run, args=(stop,))
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join()

    def defer(self, task: str, *, lock: str | None = None, **arguments: int | str) -> None:
        with psycopg.connect(self.dsn) as connection:
            defer(connection, Job(task, arguments, lock))

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def has_jobs(self) -> bool:
        return bool(self.rows("SELECT 1 FROM procrastinate_jobs"))

    def wait_for_the_end(self) -> None:
        wait_until(lambda: not self.has_jobs(), "the queue is empty")


@pytest.fixture
def workers(database: str) -> Iterator[Workers]:
    workers = Workers(database)
    yield workers
    workers.database.close()


def test_jobs_are_done_once_each_with_their_arguments(workers):
    done: list[int] = []

    def note(_: Lease, number: int) -> None:
        done.append(number)

    workers.defer("note", number=1)
    with workers.working(note=note):
        workers.defer("note", number=2)
        wait_until(lambda: len(done) == 2, "both are done")
        workers.wait_for_the_end()

    assert sorted(done) == [1, 2]


def test_jobs_are_at_work_side_by_side(workers):
    both_are_at_work = threading.Barrier(2, timeout=60)

    def meet(_: Lease) -> None:
        both_are_at_work.wait()

    with workers.working(meet=meet):
        workers.defer("meet")
        workers.defer("meet")
        workers.wait_for_the_end()

    assert not both_are_at_work.broken


def test_of_jobs_with_one_lock_one_is_at_work_at_a_time(workers):
    begun, go_on = threading.Event(), threading.Event()
    story: list[str] = []

    def tell(_: Lease, name: str) -> None:
        story.append(f"{name} begins")
        if name == "first":
            begun.set()
            go_on.wait()
        story.append(f"{name} ends")

    with workers.working(tell=tell):
        workers.defer("tell", lock="one", name="first")
        begun.wait()
        workers.defer("tell", lock="one", name="second")
        workers.defer("tell", lock="another", name="third")
        wait_until(lambda: "third ends" in story, "the third was done beside the first")
        go_on.set()
        workers.wait_for_the_end()

    assert story == [
        *["first begins", "third begins", "third ends", "first ends"],
        *["second begins", "second ends"],
    ]


def test_a_job_that_fails_is_over_and_logged_and_the_others_go_on(workers, caplog):
    tries: list[int] = []

    def fail(_: Lease, number: int) -> None:
        tries.append(number)
        if number == 1:
            raise ZeroDivisionError

    with workers.working(fail=fail):
        workers.defer("fail", number=1)
        workers.defer("fail", number=2)
        workers.wait_for_the_end()

    assert sorted(tries) == [1, 2]
    [logged] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "fail" in logged.getMessage()
    assert logged.exc_info is not None


def test_a_job_for_which_the_database_was_away_is_done_again(workers):
    tries: list[int] = []

    def come_again(_: Lease) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise DatabaseAway("away")

    with workers.working(come_again=come_again):
        workers.defer("come_again")
        wait_until(lambda: len(tries) == 2, "it was tried again")
        workers.wait_for_the_end()


def test_what_is_at_work_is_finished_before_the_worker_stops(workers):
    both_are_at_work = threading.Barrier(3, timeout=60)
    go_on = threading.Event()
    done: list[bool] = []

    def work(lease: Lease) -> None:
        both_are_at_work.wait()
        go_on.wait()
        done.append(lease())

    with workers.working(work=work) as stop:
        workers.defer("work")
        workers.defer("work")
        both_are_at_work.wait()
        stop.set()
        go_on.set()

    assert done == [True, True]
    assert not workers.has_jobs()


def test_what_does_not_end_in_time_is_given_back_and_its_thread_knows(workers):
    begun, go_on, stop = threading.Event(), threading.Event(), threading.Event()
    is_ours: list[bool] = []

    def work(lease: Lease) -> None:
        begun.set()
        go_on.wait()
        is_ours.append(lease())

    workers.defer("work", lock="one")
    thread = threading.Thread(
        target=workers.queue({"work": work}, patience=0.1).run, args=(stop,), daemon=True
    )
    thread.start()
    begun.wait()
    stop.set()
    thread.join()

    assert workers.rows("SELECT status, attempts FROM procrastinate_jobs") == [("todo", 1)]
    assert workers.rows("SELECT * FROM procrastinate_workers") == []
    go_on.set()
    wait_until(lambda: is_ours == [False], "the thread was told that the job is another's")


def test_what_is_given_back_makes_way_for_its_like(workers):
    begun, go_on, stop = threading.Event(), threading.Event(), threading.Event()

    def work(_: Lease, number: int) -> None:
        begun.set()
        go_on.wait()

    workers.defer("work", lock="one", number=1)
    thread = threading.Thread(
        target=workers.queue({"work": work}, patience=0.1).run, args=(stop,), daemon=True
    )
    thread.start()
    begun.wait()
    workers.defer("work", lock="one", number=2)
    stop.set()
    thread.join()
    go_on.set()

    assert workers.rows("SELECT status, args FROM procrastinate_jobs") == [("todo", {"number": 2})]


def test_jobs_of_workers_that_are_no_more_are_done_by_others(workers):
    done: list[int] = []

    def note(_: Lease, number: int) -> None:
        done.append(number)

    workers.defer("note", number=1, lock="one")
    workers.rows("""
        WITH gone AS (
            INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')
            RETURNING id
        ) UPDATE procrastinate_jobs SET status = 'doing', worker_id = gone.id FROM gone
        RETURNING worker_id
    """)
    workers.defer("note", number=2, lock="one")
    with workers.working(note=note):
        workers.wait_for_the_end()

    assert done == [2]


def test_a_worker_that_was_taken_for_lost_begins_anew(workers):
    done: list[bool] = []

    def note(lease: Lease) -> None:
        done.append(lease())

    with workers.working(note=note):
        workers.defer("note")
        workers.wait_for_the_end()
        [(before,)] = workers.rows("DELETE FROM procrastinate_workers RETURNING id")
        wait_until(lambda: workers.rows("SELECT 1 FROM procrastinate_workers"), "it is back")
        workers.defer("note")
        workers.wait_for_the_end()
        [(after,)] = workers.rows("SELECT id FROM procrastinate_workers")

    assert after > before
    assert done == [True, True]


def test_a_worker_whose_connections_are_cut_goes_on(workers):
    done: list[int] = []

    def note(_: Lease, number: int) -> None:
        done.append(number)

    with workers.working(note=note):
        for number in range(3):
            workers.defer("note", number=number)
            workers.wait_for_the_end()
            workers.rows(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE application_name = 'nbci queue' AND datname = current_database()"
            )

    assert done == [0, 1, 2]


def test_a_worker_without_a_database_stops_when_it_is_told_to(workers, tmp_path):
    stop = threading.Event()
    queue = WorkerQueue(
        dsn=f"host={tmp_path}",
        database=workers.database,
        tasks={},
        concurrency=1,
        heartbeat=5.0,
        stalled_after=20.0,
        patience=5.0,
    )
    thread = threading.Thread(target=queue.run, args=(stop,))
    thread.start()

    stop.set()

    thread.join(60)
    assert not thread.is_alive()
