"""What a report shows of a run that did not pass: the lines around the error, what went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model import CellError, Outcome, Review, Run, RunResult, printable
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
    return [run for run in review.runs if run.outcome and not run.outcome.is_good]


def worst_first(runs: Iterable[Run]) -> list[Run]:
    """Return *runs* with those first that a reader looks for: bad ones, unfinished ones, good."""

    def weight(run: Run) -> int:
        if run.outcome is None:
            return 1
        return 2 if run.outcome.is_good else 0

    return sorted(runs, key=weight)


def excerpt(error: CellError) -> list[SourceLine]:
    """Return the lines of the failing cell around the one that raised, or its first lines."""
    lines = error.source.split("\n") if error.source else []
    if error.cell_line is None:
        first, last = 1, 2 * CONTEXT + 1
    else:
        first, last = error.cell_line - CONTEXT, error.cell_line + CONTEXT
    return [
        SourceLine(number, clipped(line.rstrip("\r"), LONGEST_LINE), number == error.cell_line)
        for number, line in enumerate(lines, start=1)
        if first <= number <= last
    ]


def what_happened(run: Run) -> str:
    """Return in one line why *run* did not pass; empty for one that did or has not ended."""
    result = run.result
    if result is None or result.outcome is Outcome.PASSED:
        return ""
    return printable(clipped(message_beside_error(result), 600)) or error_line_of(result)


def message_beside_error(result: RunResult) -> str:
    """Return the message of *result*, empty where it only repeats what the failing cell raised."""
    error = result.failing_cell
    raised = result.outcome is Outcome.FAILED and error and error.number and error.ename
    return "" if raised else result.message


def outcome_words(run: Run) -> str:
    """Return how a run ended and, where it is known, in which cell: `failed in cell 7`."""
    if run.result is None:
        return "not ended"
    words = OUTCOME_WORDS[run.result.outcome]
    error = run.result.failing_cell
    if error and error.number:
        words += f" in cell {error.number}"
    return f"{words} (allowed)" if run.is_excused else words


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
