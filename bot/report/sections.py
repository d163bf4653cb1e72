"""The parts that every page of Markdown about a review is put together from."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Conclusion, Outcome, Problem, Review, Run, Skipped
from bot.notebooks.timespan import duration
from bot.report.failures import (
    excerpt_text,
    message_beside_error,
    outcome_words,
    traceback_of,
    what_happened_there,
    with_more_to_tell,
    worst_first,
)
from bot.report.inert import code, fenced, html_code, linked, table_row, words
from bot.report.limited import LimitedPage
from bot.report.pages import Link, Pages
from bot.report.plain import plain_end
from bot.report.wording import OUTCOME_ICONS, clipped, headline, place, place_in, plural, run_label

HOW_TO_RERUN = "\nTo run what did not pass again, comment `/nbci run failed`.\n"

_SMALLEST_FAILURE = 800
_LARGEST_FAILURE = 30_000

_LOG = "The end of its kernel's log:\n\n"

_COLUMNS = """\
| Notebook | Outcome | Cells | Time | Why it ran |
|-|-|-:|-:|-|
"""

_MEANINGS = {
    Outcome.DIED: "died: the process that runs its cells ended, often for want of memory",
    Outcome.LOST: "lost: it could not be run, and the notebook is not to blame",
    Outcome.REJECTED: "rejected: it cannot be run as it is",
}

CONCLUSION_ICONS = {
    None: "…",
    Conclusion.SUCCESS: "✓",
    Conclusion.FAILURE: "✗",
    Conclusion.TIMED_OUT: OUTCOME_ICONS[Outcome.TIMED_OUT],
    Conclusion.CANCELLED: OUTCOME_ICONS[Outcome.CANCELLED],
    Conclusion.ACTION_REQUIRED: "!",
    Conclusion.NEUTRAL: "\N{EN DASH}",
    Conclusion.SKIPPED: "\N{EN DASH}",
}


def heading(review: Review, level: int) -> str:
    """Return the verdict as a heading."""
    icon = CONCLUSION_ICONS[review.conclusion]
    return f"{'#' * level} {icon} {words(clipped(headline(review), 200))}\n"


def introduction(review: Review) -> str:
    """Return what nbci is and did, in a sentence for a reader who has never heard of it."""
    request = review.request
    if review.problem:
        return "nbci runs the Jupyter notebooks that a change affects. This time it has run none."
    if not review.planned:
        return "nbci is finding out which Jupyter notebooks to run."
    if not review.runs:
        return "nbci runs the Jupyter notebooks that a change affects. Here there was none to run."
    if request.notebooks:
        which = "the Jupyter notebooks that it was asked to run"
    else:
        which = f"{'all' if request.everything else 'the'} Jupyter notebooks"
        which += " of this repository" if request.everything else " that this change affects"
    if review.is_over:
        return f"nbci ran {which}."
    return f"nbci is running {which}. This is updated as results arrive."


def whereabouts(review: Review) -> str:
    """Return which commit was reviewed, and whose files were run; empty outside of git."""
    request = review.request
    compared = f", compared with {code(request.base[:10])}" if request.base else ""
    if request.working_tree:
        return f"The working tree{compared}."
    if not request.head:
        return ""
    text = f"Commit {code(request.head[:10])}{compared}."
    if request.merge and not review.problem:
        merge = code(request.merge[:10])
        text += (
            f" The files that ran are those of {merge}, by default the head merged into its base."
        )
    return text


def full_report(pages: Pages) -> str:
    """Return a sentence that leads to the whole report, empty where there is none."""
    return f"{linked('Full report', pages.report)}." if pages.report else ""


def add_problem(page: LimitedPage, problem: Problem | None) -> None:
    """Add why nothing was run, and what to do."""
    if problem is None or not problem.details:
        return
    page.add("\n")
    for number, detail in enumerate(problem.details):
        if not page.add(f"- {_detail(clipped(detail, 1_000))}\n"):
            page.note_left_out(len(problem.details) - number, "line")
            return


def _detail(detail: str) -> str:
    found = place_in(detail)
    if found is None:
        return words(detail)
    path, line, message = found
    return f"{code(f'{path}:{line}')}: {words(message)}"


def add_table(
    page: LimitedPage, review: Review, link: Link, *, keep_free: int, most: int = 10**6
) -> None:
    """Add a table with a row for each run, the worst first, leaving *keep_free* bytes of room."""
    if not review.runs:
        return
    page.add("\n" + _COLUMNS)
    shown = 0
    for run in worst_first(review.runs)[:most]:
        row = _row(run, link(run))
        if page.room - len(row.encode()) < keep_free or not page.add(row):
            break
        shown += 1
    page.note_left_out(len(review.runs) - shown, "notebook")
    outcomes = {run.outcome for run in review.runs}
    meanings = [meaning for outcome, meaning in _MEANINGS.items() if outcome in outcomes]
    if meanings:
        page.add(f"\n({'; '.join(meanings)}.)\n")


def _row(run: Run, url: str | None) -> str:
    stands = run.result or run.progress
    icon = OUTCOME_ICONS[run.result.outcome] if run.result else CONCLUSION_ICONS[None]
    happened = code(what_happened_there(run), 200)
    return table_row(
        [
            linked(code(run_label(run), 200), url),
            f"{icon} {outcome_words(run)}{f': {happened}' if happened else ''}",
            f"{stands.cells_done}/{stands.cells_total}" if stands.cells_total else "",
            _on_one_line(duration(stands.seconds)) if stands.seconds else "",
            "; ".join(words(clipped(reason, 150)) for reason in run.reasons[:3]),
        ]
    )


def _on_one_line(text: str) -> str:
    """Return *text* with spaces at which a narrow column does not break it."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def add_failures(
    page: LimitedPage,
    failed: Sequence[Run],
    link: Link,
    *,
    largest: int = _LARGEST_FAILURE,
    most: int = 10**6,
) -> None:
    """Add each failure, folded except for the first, in at most *largest* bytes."""
    failed = with_more_to_tell(failed)
    shown = 0
    for run in worst_first(failed)[:most]:
        longest = min(page.room, largest)
        if longest < _SMALLEST_FAILURE:
            break
        shown += page.add(_failure(run, link(run), longest, is_open=shown == 0))
    page.note_left_out(len(failed) - shown, "failure")


def _failure(run: Run, url: str | None, longest: int, *, is_open: bool) -> str:
    """Return one failure, folded, in *longest* bytes where these are enough for anything."""
    icon = f"{OUTCOME_ICONS[run.result.outcome]} " if run.result else ""
    start = f"\n<details{' open' if is_open else ''}><summary>{icon}"
    start += f"{html_code(run_label(run), 200)} {outcome_words(run)}</summary>\n\n"
    end = "\n\n</details>\n"
    if url:
        end = f"\n\n{linked('Executed notebook', url)}{end}"
    return start + evidence(run, longest - len((start + end).encode())) + end


def evidence(run: Run, room: int) -> str:
    """Return what shows why *run* did not pass: the source, the traceback, the log.

    It has *room* bytes at most, provided that these are some thousands.
    """
    result = run.result
    if result is None:
        return ""
    error = result.failing_cell
    names = [message_beside_error(result), place(run, error) if error else ""]
    parts = [code(name, 400) for name in names if name]
    room -= sum(len(part.encode()) + 2 for part in parts)
    blocks = [
        ("", excerpt_text(error) if error else ""),
        ("", plain_end(traceback_of(result), 4 * room)),
        (_LOG, plain_end(result.log, 4 * room)),
    ]
    blocks = [(label, text.strip("\n")) for label, text in blocks if text.strip()]
    for left, (label, text) in zip(range(len(blocks), 0, -1), blocks, strict=True):
        parts.append(label + fenced(text, room // left - len(_LOG) - 2))
        room -= len(parts[-1].encode()) + 2
    return "\n\n".join(parts)


def add_skipped(page: LimitedPage, skipped: Sequence[Skipped], *, most: int = 10**6) -> None:
    """Add which notebooks were not run and why, folded."""
    if not skipped:
        return
    start = f"\n<details><summary>{plural(len(skipped), 'notebook')} skipped</summary>\n\n"
    end = "\n</details>\n"
    room = page.room - len((start + end).encode())
    lines: list[str] = []
    for notebook in skipped[:most]:
        line = _skipped_line(notebook)
        room -= len(line.encode())
        if room < 0:
            break
        lines.append(line)
    page.add(start + "".join(lines) + end)
    page.note_left_out(len(skipped) - len(lines), "skipped notebook")


def _skipped_line(skipped: Skipped) -> str:
    reasons = "; ".join(words(clipped(reason, 150)) for reason in skipped.reasons)
    return f"- {code(skipped.notebook, 200)}: {reasons}\n"
