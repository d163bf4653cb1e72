"""What `nbci doctor` finds, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where something is wrong."""

    subject: str
    text: str
    advice: str | None = None
    is_fatal: bool = False


def show(findings: Iterable[Finding]) -> bool:
    """Print findings as they come; return whether none of them is fatal."""
    console = Console(highlight=False)
    is_well = True
    for finding in findings:
        mark, style = ("✗", "red") if finding.is_fatal else ("!", "yellow")
        if finding.advice is None:
            mark, style = "✓", "green"
        line = Text(mark, style).append(f" {finding.subject}: ", "bold").append(finding.text, "")
        console.print(line, soft_wrap=True)
        if finding.advice:
            console.print(Text(f"  → {finding.advice}"), soft_wrap=True)
        is_well &= not finding.is_fatal
    return is_well
