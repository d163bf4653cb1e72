"""Reviews as values, and how they change while their notebooks run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.model import (
    CellError,
    Outcome,
    Progress,
    Review,
    ReviewRequest,
    Run,
    RunOptions,
    RunResult,
    RunState,
)
from bot.review import new_run


def new_review(sha: str, number: int) -> Review:
    """Return a planned review of *number* notebooks, of which none has begun."""
    request = ReviewRequest(repository="1", ref="refs/pull/1", base="b" * 40, head=sha)
    runs = tuple(
        new_run(request, f"notebooks/n{index:04}.ipynb", {}, ("changed",), RunOptions())
        for index in range(number)
    )
    return Review(request=request, runs=runs, planned=True)


def unplanned(review: Review) -> Review:
    """Return the review as it was before anybody knew its notebooks."""
    return replace(review, runs=(), planned=False)


def changed(review: Review, index: int, run: Run) -> Review:
    """Return the review with another value of one run."""
    return replace(review, runs=(*review.runs[:index], run, *review.runs[index + 1 :]))


def running(run: Run, done: int = 1, total: int = 4) -> Run:
    """Return *run* with some cells done."""
    progress = Progress(cells_done=done, cells_total=total, cell=done + 1)
    return replace(run, state=RunState.RUNNING, progress=progress)


def passed(run: Run) -> Run:
    """Return *run* as it is when all went well."""
    result = RunResult(outcome=Outcome.PASSED, seconds=2.0, cells_done=4, cells_total=4)
    return run.ended(result)


def failed(run: Run) -> Run:
    """Return *run* as it is when its second cell has raised something."""
    error = CellError(
        number=2,
        ename="ValueError",
        evalue="no such column",
        traceback=("Traceback (most recent call last)", "ValueError: no such column"),
        source="frame['x']",
        cell_line=1,
        line=20,
    )
    result = RunResult(
        outcome=Outcome.FAILED,
        message="ValueError: no such column",
        seconds=1.0,
        cells_done=1,
        cells_total=4,
        failing_cell=error,
    )
    return run.ended(result)


def story(review: Review, seconds: float, *, bad_every: int = 7) -> Iterator[tuple[float, Review]]:
    """Yield what a review of that many seconds looks like and when, one notebook after another.

    One in *bad_every* fails, the first one included.
    """
    yield 0.0, unplanned(review)
    number = len(review.runs)
    each = seconds / max(number, 1)
    yield 0.1, review
    for index, run in enumerate(review.runs):
        review = changed(review, index, running(run))
        yield 0.1 + index * each, review
        review = changed(review, index, failed(run) if index % bad_every == 0 else passed(run))
        yield 0.1 + (index + 0.9) * each, review
