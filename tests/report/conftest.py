"""Reviews to report on."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model import (
    CellError,
    CellTiming,
    Conclusion,
    Outcome,
    Problem,
    Review,
    ReviewRequest,
    Run,
    RunResult,
    RunState,
    Skipped,
)

HOSTILE = (
    "a`b``c|d\\|e<script>alert(1)</script>@octo/team #123 fixes #1 ![i](http://evil.example/i.png)"
    " [l](javascript:alert(1)) <img src=x onerror=alert(1)> \x1b]0;owned\x07\x1b[2J\x1b[31m\n"
    "\u202e\udcff\x00 [bold]markup[/bold] &amp; 'q' \"q\""
)


def make_run(notebook: str, outcome: Outcome | None, **details: Any) -> Run:
    result = {
        name: details.pop(name)
        for name in list(details)
        if name in RunResult.__dataclass_fields__ and name != "outcome"
    }
    return Run(
        run_id=f"nbci-{notebook}-{details.get('parameters')}",
        notebook=notebook,
        state=RunState.ENDED if outcome else RunState.WAITING,
        result=RunResult(outcome=outcome, **result) if outcome else None,
        **details,
    )


@pytest.fixture
def run() -> Any:
    """Makes a run: `run(path, outcome, **fields of Run and RunResult)`."""
    return make_run


@pytest.fixture
def review() -> Any:
    """Makes a planned review of the runs it is given."""

    def make(*runs: Run, skipped: tuple[Skipped, ...] = (), **details: Any) -> Review:
        request = ReviewRequest(repository="acme/models", base="a" * 40, head="b" * 40)
        return Review(request=request, runs=runs, skipped=skipped, planned=True, **details)

    return make


@pytest.fixture
def troubled(review: Any) -> Review:
    """A review that could not begin."""
    problem = Problem(
        conclusion=Conclusion.ACTION_REQUIRED,
        title="600 notebooks, more than 500",
        details=("Name some of them, or raise `max_notebooks`.", ".github/nbci.yml:3: it is 500"),
    )
    return review(problem=problem)


@pytest.fixture
def failing() -> Run:
    """A run whose third cell raised."""
    return make_run(
        "reports/quarterly.ipynb",
        Outcome.FAILED,
        message="cell 3 raised KeyError",
        reasons=("imports `src/metrics.py`, changed",),
        seconds=12.3456,
        cells_done=1,
        cells_total=4,
        cells=(
            CellTiming(number=2, seconds=2.0, outcome=Outcome.PASSED),
            CellTiming(number=3, seconds=0.5, outcome=Outcome.FAILED),
        ),
        failing_cell=CellError(
            number=3,
            ename="KeyError",
            evalue="'overseas'",
            traceback=(
                "\x1b[31mKeyError\x1b[39m Traceback",
                "\x1b[31mKeyError\x1b[39m: 'overseas'",
            ),
            source="columns = ['north']\ntotal = frame['overseas']\nprint(total)",
            cell_line=2,
            line=118,
        ),
        executed_notebook="notebooks/quarterly-1a2b3c4d.ipynb",
    )


@pytest.fixture
def hostile_text() -> str:
    """Text that tries every way out of where it is put."""
    return HOSTILE


@pytest.fixture
def hostile(review: Any) -> Review:
    """A review in which everything that can be foreign is hostile."""
    bad = make_run(
        f"{HOSTILE}.ipynb",
        Outcome.FAILED,
        message=HOSTILE,
        reasons=(HOSTILE, f"imports `{HOSTILE}`, changed"),
        parameters={HOSTILE: HOSTILE},
        failing_cell=CellError(
            number=1,
            ename=HOSTILE,
            evalue=HOSTILE,
            traceback=(HOSTILE, "```", "~~~~", "</pre></details>"),
            source=f"{HOSTILE}\n````\n</details>",
            cell_line=1,
            line=3,
        ),
        log=HOSTILE,
    )
    skipped = Skipped(notebook=HOSTILE, reasons=(HOSTILE,))
    return review(bad, skipped=(skipped,), cancelled=HOSTILE)
