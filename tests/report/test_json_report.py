from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.model import Outcome, Progress, ReviewRequest, Skipped
from bot.report.json_report import review_json

DOCUMENT = Path(__file__).parents[2] / "docs" / "json-report.md"


def documented_keys(title: str) -> set[str]:
    section = DOCUMENT.read_text("utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def test_every_key_is_documented_and_every_documented_key_is_there(review, failing):
    report = review_json(review(failing))
    [run] = report["runs"]

    assert set(report) == documented_keys("The review")
    assert set(run) == documented_keys("A run")
    assert set(run["failing_cell"]) == documented_keys("The failing cell")


def test_why_a_review_could_not_begin_is_documented_and_there(troubled):
    report = review_json(troubled)

    assert set(report["problem"]) == documented_keys("The problem")
    assert report["conclusion"] == report["problem"]["conclusion"] == "action_required"
    assert report["problem"]["title"] == "600 notebooks, more than 500"
    assert report["problem"]["details"] == list(troubled.problem.details)


def test_the_keys_that_scripts_rely_on_hold_what_happened(review, failing):
    report = review_json(review(failing))
    [run] = report["runs"]

    assert report["conclusion"] == "failure"
    assert report["head_sha"] == "b" * 40
    assert report["problem"] is None
    expected = {
        "notebook": "reports/quarterly.ipynb",
        "parameters": {},
        "outcome": "failed",
        "reasons": ["imports `src/metrics.py`, changed"],
        "seconds": 12.346,
        "cells_done": 1,
        "cells_total": 4,
        "attempt": 1,
        "message": "cell 3 raised KeyError",
        "executed_notebook": "notebooks/quarterly-1a2b3c4d.ipynb",
    }
    assert {key: run[key] for key in expected} == expected
    failing_cell = {"number": 3, "line": 118, "ename": "KeyError", "evalue": "'overseas'"}
    assert failing_cell.items() <= run["failing_cell"].items()


@pytest.mark.parametrize("outcome", [Outcome.PASSED, None])
def test_every_run_has_the_same_keys(review, run, failing, outcome):
    skipped = Skipped(notebook="c.ipynb", reasons=("only outputs changed",))

    runs = review_json(review(failing, run("b.ipynb", outcome), skipped=(skipped,)))["runs"]

    assert [set(entry) for entry in runs] == [set(runs[0])] * 3


def test_a_skipped_notebook_is_among_the_runs_with_its_reason(review):
    skipped = Skipped(notebook="c.ipynb", reasons=("only outputs changed",))

    [run] = review_json(review(skipped=(skipped,)))["runs"]

    assert (run["notebook"], run["outcome"], run["reasons"]) == (
        "c.ipynb",
        "skipped",
        ["only outputs changed"],
    )
    assert run["failing_cell"] is None
    assert run["executed_notebook"] is None


def test_a_run_that_goes_on_has_no_outcome_but_its_progress(review, run):
    going = run("a.ipynb", None, progress=Progress(cells_done=2, cells_total=5, seconds=1.5))

    report = review_json(review(going))
    [entry] = report["runs"]

    assert report["conclusion"] is None
    assert (entry["outcome"], entry["cells_done"], entry["seconds"]) == (None, 2, 1.5)


def test_it_is_strict_json_whatever_is_in_it(hostile, review, run):
    odd = run("\udcff.ipynb", Outcome.PASSED, parameters={"n": [float("nan"), {"x": float("inf")}]})
    report = [review_json(hostile), review_json(review(odd))]

    text = json.dumps(report, allow_nan=False)

    assert json.loads(text.encode("ascii")) == report


def test_a_review_outside_of_git_has_no_head(review, run):
    value = review(run("a.ipynb", Outcome.PASSED))
    outside = type(value)(request=ReviewRequest(repository="here"), runs=value.runs, planned=True)

    assert review_json(outside)["head_sha"] is None
