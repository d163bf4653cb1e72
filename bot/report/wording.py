"""The words every report uses: headlines, outcomes, durations, names of runs."""

from __future__ import annotations

import re
from collections import Counter

from bot.model import CellError, Outcome, Review, Run, printable
from bot.notebooks import ansi

LONGEST_ERROR = 600
"""Characters of an error that are looked at for its one line."""

_PLACE = re.compile(r"([^\s`:][^`:]*):([1-9]\d{0,8}): (.+)", re.DOTALL)

OUTCOME_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.TIMED_OUT: "timed out",
    Outcome.DIED: "died",
    Outcome.LOST: "lost",
    Outcome.CANCELLED: "cancelled",
    Outcome.SKIPPED: "skipped",
    Outcome.REJECTED: "rejected",
}

OUTCOME_ICONS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.TIMED_OUT: "◷",
    Outcome.DIED: "☠",
    Outcome.LOST: "!",
    Outcome.CANCELLED: "⊘",
    Outcome.SKIPPED: "\N{EN DASH}",
    Outcome.REJECTED: "⊗",
}


def headline(review: Review) -> str:
    """Return the one line that says how the review went.

    >>> from bot.model import ReviewRequest
    >>> headline(Review(request=ReviewRequest(repository="r"), planned=True))
    'No notebook to run'
    """
    if review.problem:
        return printable(review.problem.title)
    if review.cancelled is not None:
        text = f"Cancelled: {printable(review.cancelled)}"
        text += f", {_passed(review).lower()}" if review.runs else ""
        text += _counted(_bad(review) - Counter({Outcome.CANCELLED: len(review.runs)}))
    elif not review.is_over:
        return _so_far(review)
    elif review.runs:
        text = _verdict(review)
    else:
        text = "No notebook to run"
    extras = _extras(review)
    return f"{text} ({', '.join(extras)})" if extras else text


def _so_far(review: Review) -> str:
    if not review.planned:
        return "Finding out which notebooks to run"
    done = sum(run.result is not None for run in review.runs)
    return f"{done} of {count(review)} done{_counted(_bad(review))}"


def _counted(outcomes: Counter[Outcome]) -> str:
    """Return how many ended in what, to follow other words: `, 2 failed, 1 died`."""
    parts = (f", {number} {OUTCOME_WORDS[outcome]}" for outcome, number in outcomes.most_common())
    return "".join(parts)


def _bad(review: Review) -> Counter[Outcome]:
    """Return how many runs ended in what, of those that keep the review from being green."""
    return Counter(
        run.outcome
        for run in review.runs
        if run.outcome and not run.outcome.is_good and not run.is_excused
    )


def _verdict(review: Review) -> str:
    bad = _bad(review)
    if not bad:
        return _passed(review)
    if len(bad) == 1:
        [(outcome, number)] = bad.items()
        return f"{number} of {count(review)} {_predicate(outcome, number)}"
    parts = ", ".join(f"{number} {OUTCOME_WORDS[outcome]}" for outcome, number in bad.most_common())
    return f"{bad.total()} of {count(review)} did not pass: {parts}"


def _passed(review: Review) -> str:
    passed = sum(run.outcome is Outcome.PASSED for run in review.runs)
    if passed == len(review.runs):
        return f"{'all ' if passed > 1 else ''}{count(review)} passed".capitalize()
    return f"{passed} of {count(review)} passed"


def _extras(review: Review) -> list[str]:
    """Return what else there is to say, for the end of the headline."""
    allowed = sum(run.is_excused for run in review.runs)
    skipped = len(review.skipped) + sum(run.outcome is Outcome.SKIPPED for run in review.runs)
    extras = [f"{plural(allowed, 'failure')} allowed"] if allowed else []
    return [*extras, f"{skipped} skipped"] if skipped else extras


def _predicate(outcome: Outcome, number: int) -> str:
    if outcome in (Outcome.CANCELLED, Outcome.REJECTED, Outcome.LOST):
        return f"{'was' if number == 1 else 'were'} {OUTCOME_WORDS[outcome]}"
    return OUTCOME_WORDS[outcome]


def count(review: Review) -> str:
    """Return how many there are to run, in words: `7 notebooks`, or runs where one has several."""
    total = len(review.runs)
    noun = "notebook" if len({run.notebook for run in review.runs}) == total else "run"
    return plural(total, noun)


def plural(number: int, noun: str) -> str:
    """Return *number* with its noun.

    >>> plural(1, "cell"), plural(0, "cell")
    ('1 cell', '0 cells')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def run_label(run: Run) -> str:
    """Return the name a run goes by: the notebook's path and, where it has any, its parameters."""
    if not run.parameters:
        return printable(run.notebook)
    values = ", ".join(f"{name}={value!r}" for name, value in run.parameters.items())
    return printable(f"{run.notebook} [{clipped(values, 200)}]")


def error_line(error: CellError) -> str:
    """Return what a cell raised, on one line, as Python writes it last in a traceback."""
    text = f"{error.ename}: {error.evalue}" if error.evalue.strip() else error.ename
    first = ansi.strip(text[:LONGEST_ERROR]).strip().split("\n", 1)[0].rstrip()
    return clipped(printable(first), LONGEST_ERROR // 2)


def clipped(text: str, longest: int) -> str:
    """Return *text*, shortened in the middle where it is longer than *longest* characters.

    >>> clipped("reports/quarterly.ipynb", 15)
    'reports…y.ipynb'
    """
    if len(text) <= longest:
        return text
    end = (longest - 1) // 2
    return f"{text[: longest - 1 - end]}…{text[len(text) - end :]}"


def place(run: Run, error: CellError) -> str:
    """Return where a cell stands in the notebook's file, as editors and terminals read it."""
    path = printable(run.notebook)
    return path if error.line is None else f"{path}:{error.line}"


def place_in(detail: str) -> tuple[str, int, str] | None:
    """Return the file, the line and the rest of a problem's detail that is about a line of a file.

    >>> place_in(".github/nbci.yml:3: unknown key")
    ('.github/nbci.yml', 3, 'unknown key')
    """
    found = _PLACE.fullmatch(detail)
    return (found[1], int(found[2]), found[3]) if found else None
