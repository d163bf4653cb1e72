"""This machine as the place where notebooks run, on a real database and with real kernels."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from building.notebooks import notebook
from building.queued import NO_LIMITS, queue_runs, row_of
from building.waiting import wait_until
from sqlalchemy import text

from bot.backends.local.backend import LocalBackend
from bot.backends.local.interpreter import allowed_environment
from bot.model import Outcome
from bot.service.admission import Admitted, admit, hand_back_lost, keep
from bot.service.codec import result_from
from bot.service.database import Database
from bot.service.machine import Machine
from bot.wiring.local import local_backend

UNTIL_LET = """
import pathlib, time
pathlib.Path({folder!r}, "begun-" + str(time.monotonic_ns())).touch()
while not pathlib.Path({folder!r}, "go").exists():
    time.sleep(0.02)
"""


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    made = Database(database, size=4)
    yield made
    made.close()


@contextlib.contextmanager
def working(database: Database, folder: Path, source: str = "1") -> Iterator[None]:
    """Have the worker `us` run notebooks, each of which is *source*."""

    def export(admitted: Admitted, tree: Path) -> None:
        (tree / admitted.run.notebook).write_text(json.dumps(notebook(source)))

    def make(tree: Path, repository: str) -> LocalBackend:
        environment = allowed_environment(os.environ, ())
        return local_backend(tree, repository, jobs=1, environment=environment)

    machine = Machine(
        database=database,
        owner="us",
        jobs=1,
        limits=NO_LIMITS,
        patience=4.0,
        scratch=folder / "trees",
        reports=folder / "reports",
        export=export,
        make=make,
    )
    stop = threading.Event()
    thread = threading.Thread(target=machine.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def begun(folder: Path) -> int:
    return len(list(folder.glob("begun-*")))


def has_passed(database: Database, name: str) -> bool:
    row = row_of(database, name)
    return row.state == "ended" and result_from(row.result).outcome is Outcome.PASSED


def test_what_was_taken_by_a_transaction_whose_end_was_not_heard_of_is_run(opened, tmp_path):
    queue_runs(opened, "local", "a")
    with opened.begin() as connection:
        admit(connection, "local", "us", NO_LIMITS, most=1, seconds=3600)

    with working(opened, tmp_path):
        wait_until(lambda: has_passed(opened, "a"), "it was run")


def test_a_run_that_was_given_up_for_lost_and_comes_back_is_run_anew(opened, tmp_path):
    queue_runs(opened, "local", "a")
    with working(opened, tmp_path, UNTIL_LET.format(folder=str(tmp_path))):
        wait_until(lambda: begun(tmp_path) == 1, "it runs")
        with opened.begin() as connection:
            connection.execute(text("UPDATE runs SET taken_until = now() - interval '1 s'"))
            assert hand_back_lost(connection) == 1
        wait_until(lambda: begun(tmp_path) == 2, "it runs again")
        (tmp_path / "go").touch()

        wait_until(lambda: has_passed(opened, "a"), "it has passed")


def test_a_run_that_somebody_else_has_taken_is_ended_here_and_theirs_is_not_touched(
    opened, tmp_path
):
    queue_runs(opened, "local", "a")
    with working(opened, tmp_path, UNTIL_LET.format(folder=str(tmp_path))):
        wait_until(lambda: begun(tmp_path) == 1, "it runs")
        with opened.begin() as connection:
            connection.execute(text("UPDATE runs SET taken_until = now() - interval '1 s'"))
            hand_back_lost(connection)
            admit(connection, "local", "them", NO_LIMITS, most=1, seconds=3600)
        wait_until(lambda: not list((tmp_path / "trees").iterdir()), "its files are gone")

    row = row_of(opened, "a")
    assert (row.state, row.taken_by, row.generation) == ("taken", "them", 2)


def test_told_to_stop_it_hands_back_what_it_runs_here_and_nothing_that_a_cloud_has(
    opened, tmp_path
):
    queue_runs(opened, "local", "a")
    queue_runs(opened, "cloud", "b")
    with opened.begin() as connection:
        admit(connection, "cloud", "us", NO_LIMITS, most=1, seconds=0)
    with working(opened, tmp_path, UNTIL_LET.format(folder=str(tmp_path))):
        wait_until(lambda: begun(tmp_path) == 1, "it runs")

    assert [row_of(opened, name).state for name in "ab"] == ["queued", "taken"]
    with opened.begin() as connection:
        assert keep(connection, "us", 60.0) == {}
