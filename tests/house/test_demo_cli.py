"""What `make demo-cli` shows is true: the change is planned, run and reported as it should be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "command_line.py"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return what the demo printed, and the folder of its report."""
    folder = tmp_path_factory.mktemp("demo") / "repository"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env={**os.environ, "VIRTUAL_ENV": sys.prefix, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, folder / "nbci-report"


def test_each_notebook_ends_as_the_change_has_it(demo):
    _, report = demo

    runs = json.loads((report / "review.json").read_text())["runs"]

    assert {run["notebook"]: (run["outcome"], run["reasons"]) for run in runs} == {
        "notebooks/01-explore-ratings.ipynb": ("passed", ["changed"]),
        "notebooks/02-train-model.ipynb": ("failed", ["changed"]),
        "notebooks/03-evaluate.ipynb": ("passed", ["imports `src/recs/metrics.py`, changed"]),
        "notebooks/04-most-popular.ipynb": ("skipped", ["only outputs or metadata changed"]),
    }


def test_the_failure_names_the_line_of_the_file_that_raised(demo):
    _, report = demo
    runs = json.loads((report / "review.json").read_text())["runs"]

    failing = next(run["failing_cell"] for run in runs if run["outcome"] == "failed")

    source = SCRIPT.parent / "demo" / "change" / "notebooks" / "02-train-model.ipynb"
    assert "* strength) @" in source.read_text().splitlines()[failing["line"] - 1]
    assert (failing["number"], failing["ename"]) == (5, "ValueError")


def test_the_last_lines_say_where_to_look(demo):
    printed, report = demo

    assert printed.splitlines()[-1].strip() == str(report / "index.html")
    assert (report / "index.html").is_file()
