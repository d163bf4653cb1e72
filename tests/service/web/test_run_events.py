from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Progress
from bot.notebooks.result import ProgressReader
from bot.service.run_events import Report, Unfit, progress_after, report_from

STARTED = {"event": "started", "at": 0.1, "cells_total": 3}


def began(cell: Any, at: Any = 1.0) -> dict[str, Any]:
    return {"event": "cell_started", "at": at, "cell": cell}


def ended(cell: Any, at: Any = 2.0, outcome: Any = "passed", seconds: Any = 1.0) -> dict[str, Any]:
    return {
        "event": "cell_finished",
        "at": at,
        "cell": cell,
        "seconds": seconds,
        "outcome": outcome,
    }


def after(*events: dict[str, Any], progress: Progress | None = None) -> Progress:
    body = {"number": 1, "events": list(events)}
    return progress_after(progress or Progress(), report_from(body))


def test_the_cell_that_runs_and_the_cells_done_are_known() -> None:
    running = after(STARTED, began(1), ended(1), began(4, 2.5))

    assert running == Progress(cells_done=1, cells_total=3, cell=4, seconds=2.5)
    assert after(ended(4, 9.0), progress=running) == Progress(
        cells_done=2, cells_total=3, cell=None, seconds=9.0
    )


def test_cells_that_did_not_pass_and_injected_parameters_do_not_count() -> None:
    events = [STARTED, began(None), ended(None), began(1), ended(1, outcome="failed")]

    assert after(*events).cells_done == 0


def test_reports_that_got_lost_are_made_do_without() -> None:
    assert after(began(5, 7.0), ended(5, 8.0)) == Progress(seconds=8.0)
    assert after(ended(5), progress=Progress(cells_total=9, cells_done=2)).cells_done == 3


def test_a_run_that_begins_anew_does_not_go_back() -> None:
    first = after(STARTED, began(1), ended(1), began(2), ended(2))

    again = after(STARTED, began(1, 0.2), ended(1, 0.3), progress=first)

    assert again.cells_done == 3
    assert again.seconds == first.seconds
    assert after(ended(2), ended(3), progress=again).cells_done == 3


def test_what_a_later_runner_tells_beside_is_passed_over() -> None:
    assert after(STARTED, {"event": "kernel_restarted", "x": None}) == Progress(cells_total=3)


@pytest.mark.parametrize(
    "events",
    [
        [{"event": "started"}],
        [{"event": "started", "cells_total": -1}],
        [{"event": "started", "cells_total": 1.0}],
        [{"event": "started", "cells_total": True}],
        [{"event": "started", "cells_total": 10**400}],
        [began(0)],
        [began(-1)],
        [began("1")],
        [began(2**64)],
        [{"event": "cell_started", "at": 1.0}],
        [began(1, math.nan)],
        [began(1, math.inf)],
        [began(1, -0.1)],
        [began(1, "1")],
        [began(1, None)],
        [began(1, 10**400)],
        [ended(1, seconds=math.nan)],
        [ended(1, seconds=-1)],
        [ended(1, outcome=None)],
        [STARTED, *[ended(number) for number in range(1, 5)]],
    ],
)
def test_what_no_run_says_is_unfit(events: list[dict[str, Any]]) -> None:
    with pytest.raises(Unfit):
        after(*events)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": 0, "events": []},
        {"number": -1, "events": []},
        {"number": True, "events": []},
        {"number": 1.0, "events": []},
        {"number": "1", "events": []},
        {"number": 2**31, "events": []},
        {"number": 1},
        {"number": 1, "events": {}},
        {"number": 1, "events": ["started"]},
        {"number": 1, "events": [{}]},
        {"number": 1, "events": [{"event": ["started"]}]},
    ],
)
def test_what_is_no_report_is_unfit(body: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        report_from(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
events = st.fixed_dictionaries(
    {"event": st.sampled_from(["started", "cell_started", "cell_finished", "other"])},
    optional={
        "cells_total": st.integers(0, 5) | anything,
        "cell": st.none() | st.integers(1, 5) | anything,
        "at": st.floats(0, 100) | anything,
        "seconds": st.floats(0, 9) | anything,
        "outcome": st.sampled_from(["passed", "failed"]) | anything,
    },
)


@given(st.lists(st.lists(events, max_size=5), max_size=5))
def test_whatever_is_said_progress_never_goes_back(reports: list[list[dict[str, Any]]]) -> None:
    progress = Progress()
    for number, said in enumerate(reports, start=1):
        try:
            now = progress_after(progress, Report(number, tuple(said)))
        except Unfit:
            continue
        assert progress.cells_done <= now.cells_done <= now.cells_total
        assert progress.seconds <= now.seconds < math.inf
        assert now.cell is None or now.cell >= 1
        progress = now


def test_a_real_runs_events_mean_what_they_mean_in_its_folder(tmp_path: Path) -> None:
    lines = [STARTED, began(1), ended(1), began(2, 3.0), ended(2, 4.0, outcome="failed")]
    text = "".join(json.dumps(line) + "\n" for line in lines)

    for number in range(1, len(lines) + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        folder.joinpath("progress.jsonl").write_text("".join(text.splitlines(True)[:number]))
        assert after(*lines[:number]) == ProgressReader(folder).read()
