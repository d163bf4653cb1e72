"""What the terminal shows of one run that did not pass."""

from __future__ import annotations

from rich.text import Text

from bot.model import CellError, Run, printable
from bot.report.failures import excerpt, message_beside_error, outcome_words, traceback_of
from bot.report.plain import visible
from bot.report.terminal_lines import Lines
from bot.report.wording import OUTCOME_ICONS, clipped, place, plural, run_label

MOST_TRACEBACK_LINES = 60
MOST_LOG_LINES = 20

LONGEST_LINE = 2_000
"""Characters of a line of a traceback, escapes for colours included."""


def failure_text(run: Run, lines: Lines) -> Text:
    """Return a failure for people: where, the source around the line that raised, the traceback."""
    result = run.result
    if result is None:
        return Text()
    parts = [Text(), lines.rule(OUTCOME_ICONS[result.outcome], run_label(run), outcome_words(run))]
    error = result.failing_cell
    if error:
        parts.append(lines.plain(place(run, error), "bold cyan"))
    if message := message_beside_error(result):
        parts.append(lines.plain(printable(message)))
    if error:
        parts.extend(_source(error, lines))
    if trace := traceback_of(result):
        parts.extend([Text(), _tail(trace, MOST_TRACEBACK_LINES, lines)])
    if result.log.strip():
        parts.extend([Text(), _tail(result.log.strip("\n"), MOST_LOG_LINES, lines)])
    return Text("\n").join(parts)


def _source(error: CellError, lines: Lines) -> list[Text]:
    shown = excerpt(error)
    width = len(str(shown[-1].number)) if shown else 0
    texts = []
    for line in shown:
        mark = "❱" if line.raised else " "
        style = "red" if line.raised else "dim"
        margin = lines.plain(f" {mark} {line.number:>{width}} │ ", style)
        texts.append(margin.append_text(lines.plain(visible(line.text).expandtabs(4))))
    return texts


def _tail(text: str, most: int, lines: Lines) -> Text:
    """Return the last lines of *text*, where the reason stands."""
    kept = text.split("\n")[-most:]
    left_out = text.count("\n") + 1 - len(kept)
    shown = lines.coloured("\n".join(clipped(line, LONGEST_LINE) for line in kept))
    if not left_out:
        return shown
    return Text.assemble(lines.plain(f"… {plural(left_out, 'line')} before this\n", "dim"), shown)
