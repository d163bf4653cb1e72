"""A review as Markdown for a job summary: everything foreign in it is inert.

Names, errors and sources stand in code spans and fences longer than any run of backticks inside,
so that nothing in them mentions, links, closes an issue or breaks the table around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from urllib.parse import quote

from bot.model import Review, Run, Skipped, printable
from bot.notebooks.timespan import duration
from bot.report.failures import (
    excerpt_text,
    failures,
    message_beside_error,
    outcome_words,
    traceback_of,
    what_happened,
    worst_first,
)
from bot.report.plain import plain_block
from bot.report.wording import OUTCOME_ICONS, clipped, headline, place, plural, run_label

Link = Callable[[Run], str | None]

_SMALLEST_FAILURE = 800
_LARGEST_FAILURE = 30_000
_ROOM_FOR_NOTES = 300

_COLUMNS = """\
| | Notebook | Outcome | What happened | Cells | Time | Why it ran |
|-|-|-|-|-:|-:|-|
"""

# Words that no filter of GitHub's turns into a link: no @, no #, no GH-1, no commit's name.
_PROSE = re.compile(r"(?:[A-Za-z ,;:()']|(?<![0-9A-Za-z])\d{1,6}(?![0-9A-Za-z])|-(?!\d))*")


_URL_CHARACTERS = "/:?#@!$&'*+,;=%~-._[]"


def no_link(run: Run) -> None:
    """Say that there is nothing to link to."""


def summary_markdown(review: Review, *, link: Link = no_link, limit: int = 1_000_000) -> str:
    """Return *review* as GitHub-flavoured Markdown of at most *limit* bytes of UTF-8.

    *link* gives the URL of a run's executed notebook. What does not fit is left out and a note
    says how much; fences and tables are never left open. *limit* is at least 1,000.
    """
    page = _Page(limit)
    page.add(_head(review))
    failed = failures(review)
    _add_table(page, review, link, keep_free=limit // 2 if failed else 0)
    _add_failures(page, failed, link)
    _add_skipped(page, review.skipped)
    return page.text()


class _Page:
    """Blocks of Markdown that together stay below a number of bytes."""

    def __init__(self, limit: int) -> None:
        self.room = limit - _ROOM_FOR_NOTES
        self._blocks: list[str] = []

    def add(self, block: str) -> bool:
        """Add *block* if there is room and say whether there was."""
        size = len(block.encode())
        if size > self.room:
            return False
        self.room -= size
        self._blocks.append(block)
        return True

    def note_left_out(self, number: int, noun: str) -> None:
        """Say that so many were left out, in the room that is kept for it."""
        if number:
            self._blocks.append(f"\n{plural(number, f'more {noun}')} not shown here.\n")

    def text(self) -> str:
        return "".join(self._blocks)


def _head(review: Review) -> str:
    icon = "✓" if not failures(review) and review.cancelled is None else "✗"
    request = review.request
    against = f" against {_code(request.base[:10])}" if request.base else ""
    if request.working_tree:
        where = f"The working tree{against}\n"
    else:
        where = f"{_code(request.head[:10])}{against}\n" if request.head else ""
    title = f"## {icon if review.is_over else '…'} {_words(clipped(headline(review), 200))}\n"
    return f"{title}\n{where}"


def _add_table(page: _Page, review: Review, link: Link, *, keep_free: int) -> None:
    if not review.runs:
        return
    rows = [_row(run, link(run)) for run in worst_first(review.runs)]
    page.add("\n" + _COLUMNS)
    shown = 0
    for row in rows:
        if page.room - len(row.encode()) < keep_free or not page.add(row):
            break
        shown += 1
    page.note_left_out(len(rows) - shown, "notebook")


def _row(run: Run, url: str | None) -> str:
    result = run.result
    happened = clipped(what_happened(run), 200)
    cells = [
        OUTCOME_ICONS[result.outcome] if result else "…",
        _linked(_code(clipped(run_label(run), 200)), url),
        outcome_words(run),
        _code(happened) if happened else "",
        f"{result.cells_done}/{result.cells_total}" if result and result.cells_total else "",
        duration(result.seconds) if result and result.seconds else "",
        "; ".join(_words(clipped(reason, 150)) for reason in run.reasons[:3]),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _add_failures(page: _Page, failed: list[Run], link: Link) -> None:
    for index, run in enumerate(failed):
        longest = min(page.room, _LARGEST_FAILURE)
        fits = longest >= _SMALLEST_FAILURE and page.add(
            _failure(run, link(run), longest, is_open=index == 0)
        )
        if not fits:
            page.note_left_out(len(failed) - index, "failure")
            return


def _failure(run: Run, url: str | None, longest: int, *, is_open: bool) -> str:
    """Return one failure, folded, in about *longest* bytes at most."""
    name = escape(clipped(run_label(run), 200))
    title = f"{OUTCOME_ICONS[run.result.outcome] if run.result else ''} <code>{name}</code>"
    start = f"\n<details{' open' if is_open else ''}>"
    start += f"<summary>{title} {outcome_words(run)}</summary>\n\n"
    end = "\n</details>\n"
    if url:
        end = f"\n{_linked('Executed notebook', url)}\n{end}"
    room = longest - len((start + end).encode())
    return start + "\n\n".join(_evidence(run, room)) + "\n" + end


def _evidence(run: Run, room: int) -> Iterator[str]:
    result = run.result
    if result is None:
        return
    if message := message_beside_error(result):
        yield _code(clipped(message, 400))
    error = result.failing_cell
    if error:
        yield _code(clipped(place(run, error), 400))
    texts = [excerpt_text(error) if error else "", traceback_of(result), result.log]
    texts = [text for raw in texts if (text := plain_block(raw).strip("\n")).strip()]
    for text in texts:
        yield _fenced(text, (room - 1_000) // len(texts))


def _add_skipped(page: _Page, skipped: tuple[Skipped, ...]) -> None:
    if not skipped:
        return
    start = f"\n<details><summary>{plural(len(skipped), 'notebook')} skipped</summary>\n\n"
    end = "\n</details>\n"
    room = page.room - len((start + end).encode())
    lines: list[str] = []
    for notebook in skipped:
        line = _skipped_line(notebook)
        room -= len(line.encode())
        if room < 0:
            break
        lines.append(line)
    page.add(start + "".join(lines) + end)
    page.note_left_out(len(skipped) - len(lines), "skipped notebook")


def _skipped_line(skipped: Skipped) -> str:
    path = _code(clipped(skipped.notebook, 200))
    return f"- {path}: {'; '.join(_words(clipped(reason, 150)) for reason in skipped.reasons)}\n"


def _words(text: str) -> str:
    """Return a sentence of ours, in which names stand between backticks, as inert Markdown."""
    parts = printable(text).split("`")
    if len(parts) % 2 and all(_PROSE.fullmatch(part) for part in parts[::2]):
        return "".join(_code(part) if index % 2 else part for index, part in enumerate(parts))
    return _code(text)


def _code(text: str) -> str:
    """Return *text* as a code span, whatever it holds."""
    shown = printable(text)
    if not shown:
        return ""
    fence = "`" * (_longest_run(shown) + 1)
    padding = " " if {shown[0], shown[-1]} & {"`", " "} else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def _fenced(text: str, room: int) -> str:
    """Return *text* as a block of code of at most *room* bytes, its end being what is kept."""
    data = text.encode()
    if len(data) > room:
        text = "[the beginning is left out]\n" + data[len(data) - max(room, 0) :].decode(
            errors="ignore"
        )
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _linked(label: str, url: str | None) -> str:
    if url is None:
        return label
    return f"[{label}](<{quote(url, safe=_URL_CHARACTERS)}>)"
