"""`make demo` shows the whole product at work, says so only if that is true, and tidies up."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest
from building.waiting import wait_until

SCRIPT = Path(__file__).parents[2] / "examples" / "make_demo.py"


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder)],
        env={**os.environ, "DEMO_EXIT": "1", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def demo(open_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo, just started, in a folder whose name has a space."""
    with start(open_path / "a demo") as process:
        yield process
        process.terminate()


def read_until(output: IO[str], text: str) -> str:
    """Return what was printed up to the line that has *text*."""
    printed = ""
    for line in output:
        printed += line
        if text in line:
            return printed
    raise AssertionError(f"this was never printed: {text}\n{printed}")


def left_in(folder: Path) -> list[str]:
    """Return the processes that are at home in *folder*."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(f"{process.pid} {process.cmdline()}")
    return found


def test_the_demo_shows_a_failure_and_its_end_and_leaves_nothing_behind(demo, open_path):
    printed, _ = demo.communicate()

    assert demo.returncode == 0, printed
    story = [
        r"opened: answered 202",
        r"● \w{7} nbci  0 of 3 notebooks done",
        r"✗ \w{7} notebooks/02-train-model.ipynb  failed in cell 5: ValueError",
        r"notebooks/02-train-model.ipynb, line 61",
        r"nbci\[bot\] on pull request #1 .*\s+. ✗ 1 of 3 notebooks failed",
        r"synchronize: answered 202",
        r"✓ \w{7} nbci  All 3 notebooks passed",
        r"nbci\[bot\] on pull request #1 .*\s+. ✓ All 3 notebooks passed",
        r"mended  http://127\.0\.0\.1:\d+/reports/",
    ]
    assert re.search("(?s:.*)".join(story), printed), printed
    assert left_in(open_path) == []


def test_an_interrupted_demo_leaves_nothing_behind(demo, open_path):
    read_until(demo.stdout, "running")

    demo.send_signal(signal.SIGINT)
    printed, _ = demo.communicate()

    assert "the bot and its database are stopped" in printed
    assert demo.returncode == 130
    assert left_in(open_path) == []


def test_a_demo_whose_bot_dies_shows_its_log_and_leaves_nothing_behind(demo, open_path):
    read_until(demo.stdout, "answered 202")

    children = psutil.Process(demo.pid).children()
    next(child for child in children if "serve" in child.cmdline()).kill()
    printed, _ = demo.communicate()

    assert "The end of" in printed
    assert '"logger": "bot.' in printed
    assert "The demo failed: the bot has ended, with exit code -9" in printed
    assert demo.returncode == 1
    assert left_in(open_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing ends the bot then")
def test_a_demo_that_was_killed_is_no_hindrance_to_the_next(demo, open_path):
    read_until(demo.stdout, "nbci serves at")
    demo.kill()
    demo.communicate()
    wait_until(lambda: not any("bot" in each for each in left_in(open_path)), "the bot ends itself")

    with start(open_path / "a demo") as second:
        printed = read_until(second.stdout, "nbci serves at")
        second.terminate()
        second.communicate()

    assert str(open_path / "a demo") in printed
    assert left_in(open_path) == []
