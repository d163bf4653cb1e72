"""The way to a cloud and back, on a real database: nothing twice, nothing forgotten."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from building.queued import NO_LIMITS, queue_runs, row_of
from building.waiting import wait_until
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text, update

from bot.backends.base import Observation
from bot.errors import BackendError, ForgeError, Unanswered
from bot.model import Outcome, RunResult, RunState
from bot.service.admission import Admitted, admit
from bot.service.codec import result_from
from bot.service.compute import Work
from bot.service.database import Database
from bot.service.driver import Driver
from bot.service.leases import take_lease
from bot.service.tables import runs


@dataclass
class Service:
    """A cloud in this process, of which a test says what goes wrong with which run."""

    wrong: dict[tuple[str, str], list[Exception]] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    polls: int = 0

    def submit(self, work: Work) -> None:
        self._fail("submit", work.run.run_id)
        work.export(Path("/nonexistent"))
        if work.run.run_id not in self.begun:
            self.begun.append(work.run.run_id)

    def poll(self, run_ids: Iterable[str]) -> Mapping[str, Observation]:
        self.polls += 1
        return {
            run_id: Observation(
                state=RunState.ENDED if run_id in self.outcomes else RunState.RUNNING
            )
            for run_id in run_ids
            if run_id in self.begun
        }

    def cancel(self, run_id: str) -> None:
        self._fail("cancel", run_id)
        if run_id in self.begun:
            self.cancelled.append(run_id)
            self.outcomes[run_id] = Outcome.CANCELLED

    def collect(self, run_id: str, folder: Path) -> RunResult:
        self._fail("collect", run_id)
        return RunResult(outcome=self.outcomes[run_id])

    def _fail(self, what: str, run_id: str) -> None:
        if errors := self.wrong.get((what, run_id)):
            raise errors.pop()


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    made = Database(database, size=4)
    yield made
    made.close()


@pytest.fixture
def service() -> Service:
    return Service()


@contextlib.contextmanager
def driving(
    database: Database,
    service: Service,
    *,
    owner: str = "us",
    export: Callable[[Admitted, Path], None] = lambda admitted, folder: None,
) -> Iterator[None]:
    driver = Driver(
        database=database,
        backend="cloud",
        compute=service,
        owner=owner,
        limits=NO_LIMITS,
        patience=60.0,
        reports=Path("/nonexistent"),
        export=export,
        events=None,
    )
    stop = threading.Event()
    thread = threading.Thread(target=driver.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def ends(database: Database, name: str) -> Outcome:
    """Return how a run has ended, once it has."""
    wait_until(lambda: row_of(database, name).state == "ended", f"{name} has ended")
    return result_from(row_of(database, name).result).outcome


def request_cancellation(database: Database, name: str) -> None:
    with database.begin() as connection:
        connection.execute(update(runs).where(runs.c.run_id == name).values(cancel_requested=True))


def test_a_run_that_is_to_end_before_the_cloud_has_taken_it_never_begins(opened, service):
    service.wrong["submit", "a"] = [BackendError("full")] * 9
    queue_runs(opened, "cloud", "a")
    with driving(opened, service):
        wait_until(lambda: row_of(opened, "a").state == "taken", "it was tried")
        request_cancellation(opened, "a")

        assert ends(opened, "a") is Outcome.CANCELLED
    assert service.begun == []


def test_a_run_that_was_begun_by_a_driver_that_died_is_found_and_ended(opened, service):
    queue_runs(opened, "cloud", "a")
    with opened.begin() as connection:
        admit(connection, "cloud", "another", NO_LIMITS, most=1, seconds=0)
    service.begun.append("a")
    request_cancellation(opened, "a")

    with driving(opened, service):
        assert ends(opened, "a") is Outcome.CANCELLED
    assert service.cancelled == ["a"]


@pytest.mark.parametrize("error", [BackendError("busy"), Unanswered("no"), RuntimeError("bug")])
def test_what_fails_once_is_tried_again(opened, service, error):
    service.wrong = {(what, "a"): [error] for what in ("submit", "collect")}
    service.outcomes["a"] = Outcome.PASSED
    queue_runs(opened, "cloud", "a")
    with driving(opened, service):
        assert ends(opened, "a") is Outcome.PASSED
    assert service.begun == ["a"]


def test_the_fault_of_one_run_hurts_no_other(opened, service):
    for what in ("submit", "collect"):
        service.wrong[what, what] = [RuntimeError("bug")] * 9
    service.wrong["cancel", "cancel"] = [BackendError("it will not")] * 9
    service.outcomes = {"collect": Outcome.PASSED, "good": Outcome.PASSED}
    queue_runs(opened, "cloud", ["submit", "cancel", "collect", "good", "ended"])
    with driving(opened, service):
        wait_until(lambda: "cancel" in service.begun, "it has begun")
        request_cancellation(opened, "cancel")
        request_cancellation(opened, "ended")

        assert ends(opened, "good") is Outcome.PASSED
        assert ends(opened, "ended") is Outcome.CANCELLED
    assert row_of(opened, "collect").state == "taken"


def test_what_github_refuses_to_give_ends_the_run_and_says_so(opened, service):
    def export(admitted: Admitted, folder: Path) -> None:
        raise ForgeError("the repository is gone")

    queue_runs(opened, "cloud", "a")
    with driving(opened, service, export=export):
        assert ends(opened, "a") is Outcome.LOST
    assert result_from(row_of(opened, "a").result).message == "the repository is gone"


def test_what_was_taken_by_a_transaction_whose_end_was_not_heard_of_is_submitted(
    database_server, database, opened, service, caplog
):
    queue_runs(opened, "cloud", "a")
    with driving(opened, service):
        wait_until(lambda: "a" in service.begun, "it drives")
        queue_runs(opened, "elsewhere", "b")
        as_taken = {"state": "taken", "taken_by": "us", "backend": "cloud", "generation": 1}
        with opened.begin() as connection:
            connection.execute(update(runs).where(runs.c.run_id == "b").values(as_taken))
        with closed(database_server, database):
            wait_until(lambda: "the database cannot be used" in caplog.text, "it is missed")

        wait_until(lambda: "b" in service.begun, "b has begun")


@contextlib.contextmanager
def closed(server: str, dsn: str) -> Iterator[None]:
    """Let nobody use a database for a while."""
    name = conninfo_to_dict(dsn)["dbname"]
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(ended, [name])
        yield
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_only_who_has_the_lease_drives(opened, service):
    with opened.begin() as connection:
        assert take_lease(connection, "driver cloud", "another", 60.0)
    queue_runs(opened, "cloud", "a")
    with driving(opened, service):
        with opened.begin() as connection:
            connection.execute(text("UPDATE leases SET until = now() WHERE owner = 'another'"))
        wait_until(lambda: service.begun == ["a"], "the lease is taken over")
    with opened.begin() as connection:
        owner = connection.execute(text("SELECT owner FROM leases")).scalar_one()
    assert owner == "us"
