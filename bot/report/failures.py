"""What a report shows of a run that did not pass: the lines around the error, what went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model import CellError, Outcome, Review, Run, RunResult, RunState, printable
from bot.report.plain import plain_block
from bot.report.wording import OUTCOME_WORDS, clipped, error_line

CONTEXT = 5
"""Lines shown before and after the one that raised."""

LONGEST_LINE = 300
"""Characters shown of one line of source."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a cell, counted from 1, and whether it is the one that raised."""

    number: int
    text: str
    raised: bool


def failures(review: Review) -> list[Run]:
    """Return the runs that ended in anything but success, in their order."""
    return [run for run in review.runs if did_not_pass(run)]


def did_not_pass(run: Run) -> bool:
    """Whether *run* has ended in anything but success, be it excused or not."""
    return run.outcome is not None and not run.outcome.is_good


def with_more_to_tell(runs: Iterable[Run]) -> list[Run]:
    """Return those of *runs* of which there is more to tell than that they were cancelled."""

    def was_only_cancelled(run: Run) -> bool:
        result = run.result
        if result is None or result.outcome is not Outcome.CANCELLED:
            return False
        return not (result.failing_cell or result.log.strip())

    return [run for run in runs if not was_only_cancelled(run)]


def worst_first(runs: Iterable[Run]) -> list[Run]:
    """Return *runs* with those first that a reader looks for: bad, running, waiting, good ones.

    Those that are allowed to fail come after those that are not.
    """

    def weight(run: Run) -> int:
        if run.outcome is None:
            return 2 if run.state is RunState.RUNNING else 3
        return 4 if run.outcome.is_good else int(run.is_excused)

    return sorted(runs, key=weight)


def excerpt(error: CellError) -> list[SourceLine]:
    """Return the lines of the failing cell around the one that raised, or its first lines."""
    lines = error.source.split("\n") if error.source else []
    if error.cell_line is None:
        first, last = 1, 2 * CONTEXT + 1
    else:
        first, last = max(error.cell_line - CONTEXT, 1), error.cell_line + CONTEXT
    return [
        SourceLine(number, clipped(line.rstrip("\r"), LONGEST_LINE), number == error.cell_line)
        for number, line in enumerate(lines[first - 1 : last], start=first)
    ]


def what_happened(run: Run) -> str:
    """Return in one line why *run* did not pass; empty for one that did or has not ended."""
    result = run.result
    if result is None or result.outcome is Outcome.PASSED:
        return ""
    return printable(clipped(message_beside_error(result), 600)) or error_line_of(result)


def what_happened_there(run: Run) -> str:
    """Return `what_happened` for a place that has `outcome_words` in front, and so the cell."""
    error = run.result.failing_cell if run.result else None
    number = error.number if error else None
    return what_happened(run).removeprefix(f"in cell {number}: ")


def message_beside_error(result: RunResult) -> str:
    """Return the message of *result*, empty where it only repeats what the failing cell raised."""
    error = result.failing_cell
    raised = result.outcome is Outcome.FAILED and error and error.number and error.ename
    return "" if raised else result.message


def outcome_words(run: Run) -> str:
    """Return how a run ended and, where it is known, in which cell: `failed in cell 7`.

    Of one that has not ended, how it stands: `running cell 4`.
    """
    if run.result is None:
        return _standing(run)
    words = OUTCOME_WORDS[run.result.outcome]
    error = run.result.failing_cell
    if error and error.number:
        words += f" in cell {error.number}"
    return f"{words} (allowed)" if run.is_excused else words


def _standing(run: Run) -> str:
    if run.state is not RunState.RUNNING:
        return "waiting"
    return f"running cell {run.progress.cell}" if run.progress.cell else "running"


def excerpt_text(error: CellError) -> str:
    """Return the excerpt as plain text, line numbers in front and the line that raised marked."""
    lines = excerpt(error)
    width = len(str(lines[-1].number)) if lines else 0
    return "\n".join(
        f"{'>' if line.raised else ' '} {line.number:{width}} | {plain_block(line.text)}".rstrip()
        for line in lines
    )


def traceback_of(result: RunResult) -> str:
    """Return the traceback with its colours, or what was raised where there is none."""
    error = result.failing_cell
    text = "\n".join(error.traceback).strip("\n") if error else ""
    return text or ("" if message_beside_error(result) else error_line_of(result))


def error_line_of(result: RunResult) -> str:
    """Return what the failing cell raised, on one line; empty when nothing was."""
    error = result.failing_cell
    return error_line(error) if error and error.ename else ""
