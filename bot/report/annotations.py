"""Annotations: what went wrong, beside the very line of the notebook's file that holds the code."""

from __future__ import annotations

from pathlib import PurePosixPath

from bot.model import Conclusion, Outcome, Problem, Review, Run, RunResult, printable
from bot.report.check_run import LONGEST_TITLE, Annotation
from bot.report.failures import (
    error_line_of,
    excerpt_text,
    failures,
    outcome_words,
    traceback_of,
    what_happened,
    worst_first,
)
from bot.report.inert import end_of
from bot.report.plain import plain_block, plain_end
from bot.report.wording import clipped, place_in

MOST_ANNOTATIONS = 200
_LARGEST_TEXT = 65_000
"""Bytes of a message and of raw details: GitHub takes 64 KB of each."""

_LARGEST_OF_MANY = 4_000
"""Bytes of the same where there may be hundreds, of which GitHub takes 50 in a request."""

# A notebook is to blame for these, or what the pull request says about it.
_ANNOTATED = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DIED, Outcome.REJECTED)


def annotations_of_run(run: Run, *, largest: int = _LARGEST_TEXT) -> tuple[Annotation, ...]:
    """Return the annotation of a run that a cell or the notebook itself kept from passing.

    It stands on the line of the failing cell, or on the first one where that is not known. There
    is none for a path that GitHub cannot be told (not UTF-8), nor where it was not the notebook's
    doing. *largest* is how many bytes of the traceback are kept, its end.
    """
    result = run.result
    if result is None or result.outcome not in _ANNOTATED or not _can_be_named(run.notebook):
        return ()
    error = result.failing_cell
    trace = plain_end(traceback_of(result), largest) if error and error.traceback else ""
    return (
        Annotation(
            path=run.notebook,
            line=(error.line if error else None) or 1,
            title=clipped(_title(run, result), LONGEST_TITLE),
            message=_message(run, result),
            raw_details=end_of(trace, largest),
            level="warning" if run.is_excused else "failure",
        ),
    )


def annotations_of_review(review: Review) -> tuple[Annotation, ...]:
    """Return those of all its runs, the worst first, or of the problem that it has; 200 at most."""
    if review.problem:
        return _annotations_of_problem(review.problem)[:MOST_ANNOTATIONS]
    found: list[Annotation] = []
    for run in worst_first(failures(review)):
        if len(found) == MOST_ANNOTATIONS:
            break
        found += annotations_of_run(run, largest=_LARGEST_OF_MANY)
    return tuple(found)


def _annotations_of_problem(problem: Problem) -> tuple[Annotation, ...]:
    """Return an annotation for each detail that is about a line of a file."""
    places = [found for detail in problem.details if (found := place_in(detail))]
    return tuple(
        Annotation(
            path=path,
            line=line,
            title=clipped(printable(problem.title), LONGEST_TITLE),
            message=clipped(plain_block(message), _LARGEST_OF_MANY),
            level="failure" if problem.conclusion is Conclusion.FAILURE else "warning",
        )
        for path, line, message in places
        if _can_be_named(path)
    )


def _can_be_named(path: str) -> bool:
    """Whether *path* can be said in JSON and is one inside the repository."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    parts = PurePosixPath(path)
    return bool(parts.parts) and not parts.is_absolute() and ".." not in parts.parts


def _title(run: Run, result: RunResult) -> str:
    error = result.failing_cell
    if result.outcome is not Outcome.FAILED or error is None or not error.ename:
        return outcome_words(run).capitalize()
    where = f" in cell {error.number}" if error.number else ""
    allowed = " (allowed)" if run.is_excused else ""
    return f"{clipped(printable(error.ename), 200)}{where}{allowed}"


def _message(run: Run, result: RunResult) -> str:
    """Return what was raised and the lines around it; GitHub demands that it is not empty."""
    error = result.failing_cell
    said = what_happened(run) or error_line_of(result) or outcome_words(run)
    if error and error.number and error.line is None and f"cell {error.number}:" not in said:
        said = f"cell {error.number}: {said}"
    source = excerpt_text(error) if error else ""
    return clipped(f"{said}\n\n{source}" if source else said, _LARGEST_TEXT // 4)
