"""The single lines of the terminal's report, fitted to its width and its character set."""

from __future__ import annotations

import time
from collections import Counter

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from bot.model import Conclusion, Outcome, Review, Run, RunResult, RunState, Skipped, printable
from bot.notebooks import ansi
from bot.notebooks.timespan import duration
from bot.report.failures import outcome_words, what_happened
from bot.report.plain import visible
from bot.report.wording import OUTCOME_ICONS, OUTCOME_WORDS, run_label

_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.TIMED_OUT: "red",
    Outcome.DIED: "red",
    Outcome.REJECTED: "red",
    Outcome.LOST: "yellow",
    Outcome.CANCELLED: "yellow",
    Outcome.SKIPPED: "dim",
}
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "…": "...", "·": "|", "│": "|", "❱": ">", "━": "#", "─": "-"}
    | dict.fromkeys("◷☠⊘⊗", "x")
    | {OUTCOME_ICONS[Outcome.SKIPPED]: "-"}
)
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 10
_NARROWEST_NAME = 16
_STANDINGS = ("passed", "not passed", "running", "waiting")


class Lines:
    """Makes the lines for one console; whatever a name or an error holds, it stays one line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._encoding = console.encoding
        self._ascii = self.safe("✓") != "✓"

    @property
    def _narrow(self) -> bool:
        return self._console.width < 80

    def safe(self, text: str) -> str:
        """Return *text* as far as the terminal's character set can show it, the rest escaped."""
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            shown = text.translate(_ASCII)
            return shown.encode(self._encoding, "backslashreplace").decode(self._encoding)
        return text

    def plain(self, text: str, style: str = "") -> Text:
        """Return *text*, whatever it holds, in one style."""
        return Text(self.safe(text), style)

    def coloured(self, text: str) -> Text:
        """Return *text* with its terminal colours and without any other escape."""
        result = Text()
        for part, style in ansi.spans(text.replace("\r\n", "\n")):
            result.append(self.safe(visible(part)), _rich_style(style))
        return result

    def skipped(self, skipped: Skipped) -> Text:
        """Return the one line of a notebook that is not run."""
        reasons = printable("; ".join(skipped.reasons))
        icon = OUTCOME_ICONS[Outcome.SKIPPED]
        return self.plain(f"{icon} {printable(skipped.notebook)}: skipped, {reasons}", "dim")

    def ended(self, run: Run, result: RunResult) -> Text:
        """Return the one line of a run that has ended."""
        style = _STYLES[result.outcome]
        icon = self.plain(OUTCOME_ICONS[result.outcome], style)
        if not self._console.is_interactive:
            return Text.assemble(icon, " ", self.plain(_log_line(run, result)))
        return self._row(
            icon,
            run_label(run),
            _cells(result.cells_done, result.cells_total),
            duration(result.seconds),
            self.plain(
                OUTCOME_WORDS[result.outcome] if self._narrow else outcome_words(run), style
            ),
        )

    def running(self, run: Run) -> Text:
        """Return the line of a run that goes on, which changes from frame to frame."""
        progress = run.progress
        frame = "-" if self._ascii else _SPINNER[int(time.monotonic() * 10) % len(_SPINNER)]
        where = f"cell {progress.cell}" if progress.cell else "starting"
        state = Text(where, "dim")
        if not self._narrow:
            bar = self._bar(progress.cells_done, progress.cells_total)
            state = Text.assemble(bar, " ", state)
        return self._row(
            Text(frame, "cyan"),
            run_label(run),
            _cells(progress.cells_done, progress.cells_total),
            duration(progress.seconds),
            state,
        )

    def counts(self, review: Review, seconds: float) -> Text:
        """Return the line below the running notebooks: how many stand where."""
        words = Counter(_standing(run) for run in review.runs)
        parts = [f"{words[word]} {word}" for word in _STANDINGS if words[word]]
        return self.plain(f"  {' · '.join([*parts, duration(seconds)])}", "dim")

    def verdict(self, review: Review, text: str) -> Text:
        """Return the last line, in the colour of the conclusion."""
        style = {Conclusion.SUCCESS: "bold green", Conclusion.FAILURE: "bold red"}
        conclusion = review.conclusion if review.cancelled is None else Conclusion.CANCELLED
        return self.plain(text, style.get(conclusion or Conclusion.CANCELLED, "bold yellow"))

    def rule(self, icon: str, name: str, state: str) -> Text:
        """Return the heading of a failure; on a terminal it fills one line."""
        width = min(self._console.width, 100)
        start, end = f"── {icon} ", f" {state} "
        shown = self.safe(name)
        if self._console.is_interactive:
            room = max(width - cell_len(start + end) - 3, _NARROWEST_NAME)
            shown = self._fitted(name, min(room, cell_len(shown)))
        title = self.safe(start) + shown + self.safe(end)
        return Text(title + self.safe("─" * max(width - cell_len(title), 3)), "red")

    def _row(self, icon: Text, name: str, cells: str, taken: str, state: Text) -> Text:
        state_width = 12 if self._narrow else 22
        width = max(self._console.width - 24 - state_width, _NARROWEST_NAME)
        row = Text.assemble(
            icon, " ", self._fitted(name, width), (f" {cells:>7}{taken:>12}", "dim"), "  ", state
        )
        row.truncate(self._console.width - 1, overflow="crop" if self._ascii else "ellipsis")
        return row

    def _fitted(self, name: str, width: int) -> str:
        """Return *name* in exactly *width* columns, shortened in the middle if need be."""
        shown = self.safe(name)
        if cell_len(shown) <= width:
            return set_cell_size(shown, width)
        mark = self.safe("…")
        end = (width - len(mark)) * 2 // 3
        start = width - len(mark) - end
        return set_cell_size(shown, start) + mark + set_cell_size(shown[::-1], end)[::-1]

    def _bar(self, done: int, total: int) -> Text:
        filled = min(_BAR * done // total, _BAR) if total else 0
        return Text.assemble(
            (self.safe("━" * filled), "green"), (self.safe("─" * (_BAR - filled)), "dim")
        )


def _log_line(run: Run, result: RunResult) -> str:
    """Return all there is to say of a run on one line of any length."""
    line = f"{run_label(run)}: {outcome_words(run)}"
    if result.cells_total:
        line += f", {_cells(result.cells_done, result.cells_total)} cells"
    if result.seconds:
        line += f", {duration(result.seconds)}"
    happened = what_happened(run)
    return f"{line}: {happened}" if happened else line


def _cells(done: int, total: int) -> str:
    return f"{done}/{total}" if total else ""


def _standing(run: Run) -> str:
    if run.result is not None:
        return "passed" if run.result.outcome.is_good else "not passed"
    return "running" if run.state is RunState.RUNNING else "waiting"


def _rich_style(style: ansi.Style) -> Style:
    return Style(
        color=_rich_colour(style.foreground),
        bgcolor=_rich_colour(style.background),
        bold=style.bold or None,
        dim=style.faint or None,
        italic=style.italic or None,
        underline=style.underline or None,
        strike=style.strike or None,
        reverse=style.inverse or None,
    )


def _rich_colour(colour: ansi.Colour | None) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)
