"""The supervisor: what becomes of the processes that it keeps running."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from building.waiting import wait_until

from bot.errors import NbciError, UsageError
from bot.service.supervisor import Child, Supervisor, alone

NOTE = "open(sys.argv[1], 'a').write('started\\n')"


def child(file: Path, *then: str) -> Child:
    """Return a child that notes in *file* that it was started, and goes on with *then*."""
    program = "\n".join(["import signal, sys, time", NOTE, *then])
    return Child("child", [sys.executable, "-S", "-c", program, str(file)])


def starts(file: Path) -> int:
    return file.read_text().count("started") if file.exists() else 0


def supervisor(*children: Child, ensure: Callable[[], object] = bool, **more: object) -> Supervisor:
    return Supervisor(
        children,
        **{"ensure": ensure, "ready": bool, "announce": bool, "every": 0.0, **more},
    )


@contextmanager
def running(supervised: Supervisor) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=supervised.run, args=[stop])
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_what_ends_is_started_again_whatever_it_ends_with(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"

    with running(supervisor(child(one), child(other, "sys.exit(3)"))):
        wait_until(lambda: starts(one) >= 2 and starts(other) >= 2, "both are started again")


def test_what_is_used_in_a_wrong_way_ends_the_others_too(tmp_path):
    others = child(tmp_path / "other", "time.sleep(600)")
    wrong = child(tmp_path / "wrong", "sys.exit(2)")

    with pytest.raises(UsageError, match="child cannot be started"):
        supervisor(others, wrong).run(threading.Event())

    assert starts(tmp_path / "wrong") == 1
    assert others.is_over


def test_what_does_not_want_to_end_is_killed(tmp_path):
    stubborn = child(
        tmp_path / "stubborn",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "print(file=open(sys.argv[1] + '.ready', 'w'))",
        "time.sleep(600)",
    )

    with running(supervisor(stubborn, patience=0.1)):
        wait_until((tmp_path / "stubborn.ready").exists, "it takes no notice of SIGTERM")

    assert stubborn.is_over


def test_what_cannot_be_ensured_now_is_tried_again(tmp_path):
    tries = []

    def ensure() -> None:
        tries.append("")
        if len(tries) == 1:
            raise NbciError("the database does not start")

    with running(supervisor(child(tmp_path / "child", "time.sleep(600)"), ensure=ensure)):
        wait_until(lambda: len(tries) > 1, "it is ensured again")


def test_that_all_of_it_works_is_announced_once():
    looks, told = [], []

    def ready() -> bool:
        looks.append("")
        return len(looks) > 1

    more = {"ready": ready, "announce": lambda: told.append("")}
    rounds = []
    with running(supervisor(ensure=lambda: rounds.append(len(told)), **more)):
        wait_until(lambda: sum(rounds) >= 2, "two rounds have passed since")

    assert len(told) == 1


def test_a_program_that_is_not_there_keeps_nobody_else_from_running(tmp_path):
    missing = Child("missing", [str(tmp_path / "missing")])

    with running(supervisor(missing, child(tmp_path / "child"))):
        wait_until(lambda: starts(tmp_path / "child") > 1, "the other is started, and again")


def test_a_folder_is_looked_after_by_one_alone(tmp_path):
    with alone(tmp_path), pytest.raises(UsageError, match="another `nbci serve`"), alone(tmp_path):
        pass

    with alone(tmp_path):
        pass
