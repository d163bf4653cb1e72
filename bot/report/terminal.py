"""A review on the terminal while it goes on, and what went wrong at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from bot.model import Review, RunState, printable
from bot.notebooks.timespan import duration
from bot.report.failures import failures, outcome_words, with_more_to_tell
from bot.report.terminal_failures import failure_text
from bot.report.terminal_lines import Lines
from bot.report.wording import headline, plural, run_label

_SECONDS_BETWEEN_FRAMES = 0.1
_MOST_FAILURES = 20
_MOST_SKIPPED = 10


Fold = Callable[[str], AbstractContextManager[None]]


def _unfolded(title: str) -> AbstractContextManager[None]:
    return nullcontext()


class TerminalReport:
    """Shows a review as it goes on: a line for each notebook that ended, below them what runs.

    Where the console is no terminal there are only the lines, without any cursor movement. With
    *quiet* nothing is shown before the end, and then only failures and the last line. Use it as a
    context manager, or call `close`, so that the cursor comes back whatever happens.
    """

    def __init__(self, console: Console, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._lines = Lines(console)
        self._live: Live | None = None
        self._shown: set[str] = set()
        self._skipped_shown = False
        self._started = time.monotonic()
        self._next_frame = 0.0

    def __enter__(self) -> TerminalReport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def update(self, review: Review) -> None:
        """Show how *review* stands; cheap enough for whenever anything may have changed."""
        if self._quiet:
            return
        if review.planned and not self._skipped_shown:
            self._skipped_shown = True
            self._show_skipped(review)
        if self._console.is_interactive:
            self._draw(review)
        self._show_ended(review)

    def finish(
        self, review: Review, report_folder: Path | None = None, *, fold: Fold = _unfolded
    ) -> None:
        """Show every failure with its source and traceback, and last of all the verdict.

        *fold* is given a title and folds what is printed inside of the context that it returns.
        """
        self.close()
        if not self._quiet:
            self._show_ended(review)
        self._show_problem(review)
        failed = with_more_to_tell(failures(review))
        for run in failed[:_MOST_FAILURES]:
            with fold(f"{run_label(run)} {outcome_words(run)}"):
                self._print(failure_text(run, self._lines))
        if len(failed) > _MOST_FAILURES:
            left_out = plural(len(failed) - _MOST_FAILURES, "more failure")
            self._print(self._lines.plain(f"\n{left_out} in the report."))
        if failed:
            self._console.line()
        self._print(self._verdict(review, report_folder))

    def close(self) -> None:
        """Give the terminal back as it was; more than once does no harm."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _show_problem(self, review: Review) -> None:
        for detail in review.problem.details if review.problem else ():
            self._print(self._lines.plain(printable(detail)))

    def _show_skipped(self, review: Review) -> None:
        for skipped in review.skipped[:_MOST_SKIPPED]:
            self._print(self._lines.skipped(skipped))
        if len(review.skipped) > _MOST_SKIPPED:
            left_out = plural(len(review.skipped) - _MOST_SKIPPED, "more notebook")
            self._print(self._lines.plain(f"{left_out} skipped", "dim"))

    def _show_ended(self, review: Review) -> None:
        for run in review.runs:
            if run.result is not None and run.run_id not in self._shown:
                self._shown.add(run.run_id)
                self._print(self._lines.ended(run, run.result))

    def _draw(self, review: Review) -> None:
        """Draw the part that moves, at once where a run has ended and else now and then."""
        ended = any(run.result and run.run_id not in self._shown for run in review.runs)
        now = time.monotonic()
        if now < self._next_frame and not ended:
            return
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(self._moving(review), refresh=True)
        self._next_frame = now + _SECONDS_BETWEEN_FRAMES

    def _moving(self, review: Review) -> Group:
        """Return one line for each running notebook, as far as there is room, and the counts."""
        running = [run for run in review.runs if run.state is RunState.RUNNING]
        room = max(self._console.height - 3, 1)
        counts = self._lines.counts(review, time.monotonic() - self._started)
        return Group(*(self._lines.running(run) for run in running[:room]), counts)

    def _verdict(self, review: Review, report_folder: Path | None) -> Text:
        taken = duration(time.monotonic() - self._started)
        told = headline(review).removesuffix(".")
        text = f"{told} in {taken}." if review.runs else f"{told}."
        if report_folder is not None and not self._quiet:
            text += f" Report: {report_folder / 'index.html'}"
        return self._lines.verdict(review, text)

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
