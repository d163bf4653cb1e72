"""What the demo prints: what GitHub's pages would show, as it comes."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import Any

from fakes.github import CheckRun, Comment
from fakes.github.records import CheckState
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

_STYLES = {
    "success": ("✓", "green"),
    "failure": ("✗", "red"),
    "timed_out": ("✗", "red"),
    "action_required": ("!", "yellow"),
    "cancelled": ("⊘", "bright_black"),
    "skipped": ("-", "bright_black"),
    "neutral": ("-", "bright_black"),
    "in_progress": ("●", "yellow"),
    "queued": ("○", "yellow"),
}


class Screen:
    """A terminal, or a file that can do less; seconds are counted from the last `begin`."""

    def __init__(self) -> None:
        # A terminal that cannot show a sign still shows the words.
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
        self._console = Console(highlight=False, emoji=False, width=_width())
        self._began = time.monotonic()

    def say(self, markup: str) -> None:
        """Print a line or a paragraph; what is too long for a line is left whole, to be copied."""
        self._console.print(markup, soft_wrap=True)

    def begin(self, what: str) -> None:
        """Print a heading, and count seconds from now."""
        self._console.print()
        self._console.rule(f"[bold]{escape(what)}", align="left", style="blue")
        self._console.print()
        self._began = time.monotonic()

    def delivered(self, event: str, action: str, status: int) -> None:
        """Print what a webhook was answered with."""
        ok = "green" if status == 202 else "red"
        self._row("→", "cyan", "webhook", f"{event}, {action}: answered [{ok}]{status}[/]")

    def check(self, run: CheckRun, state: CheckState) -> None:
        """Print what a check run has become."""
        sign, style = _STYLES.get(state.conclusion or state.status, ("?", "yellow"))
        says = f"[{style}]{escape(state.title or state.conclusion or state.status)}[/]"
        self._row(sign, style, run.head_sha[:7], f"[bold]{escape(run.name)}[/]", says)

    def comment_line(self, comment: Comment, body: str) -> None:
        """Print the headline of what a comment says now."""
        headline = next((line for line in body.splitlines() if line.startswith("#")), "")
        who = f"[bold]{escape(comment.login)}[/] comments"
        self._row("✎", "magenta", "", who, escape(headline.lstrip("# ")))

    def annotation(self, annotation: dict[str, Any], source: str) -> None:
        """Print an annotation under the line of the file that it is on, as GitHub does."""
        line = annotation["start_line"]
        code = Syntax(
            source,
            "json",
            line_numbers=True,
            line_range=(max(line - 3, 1), line + 1),
            highlight_lines={line},
            word_wrap=True,
            background_color="default",
        )
        why = annotation["message"].strip().partition("\n")[0]
        said = Text(f"{annotation['title']}: {why}", style="red")
        inside = Table.grid(padding=(1, 0))
        inside.add_row(code)
        inside.add_row(said)
        title = f"[bold]{escape(annotation['path'])}[/], line {line}"
        panel = Panel(inside, title=title, title_align="left", border_style="red")
        self._console.print(Padding(panel, (1, 0, 0, 2)))

    def comment(self, comment: Comment, number: int) -> None:
        """Print a comment as a whole."""
        title = f"[bold]{escape(comment.login)}[/] on pull request #{number}"
        text = Markdown(_without_html(comment.body), hyperlinks=True)
        panel = Panel(text, title=title, title_align="left", border_style="magenta")
        self._console.print(Padding(panel, (1, 0, 0, 2)))

    def _row(self, sign: str, style: str, mark: str, *cells: str) -> None:
        row = Table.grid(padding=(0, 1, 0, 0))
        row.add_column(width=7, justify="right", style="bright_black", no_wrap=True)
        row.add_column(width=1, style=style)
        row.add_column(width=7, style="bright_black", no_wrap=True)
        row.add_column(overflow="fold")
        seconds = time.monotonic() - self._began
        row.add_row(f"{seconds:.1f} s", sign, mark, "  ".join(cells))
        self._console.print(row)


def _width() -> int | None:
    """Return how wide a file is, None for a terminal, which knows that itself."""
    return None if sys.stdout.isatty() else int(os.environ.get("COLUMNS") or 100)


def _without_html(body: str) -> str:
    """Return a comment without what a terminal has nothing for: folds and hidden notes."""
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<summary>(.*?)</summary>", r"\n\n**\1**\n\n", body)
    body = re.sub(r"</?code>", "`", body)
    return re.sub(r"</?details[^>]*>", "", body)
