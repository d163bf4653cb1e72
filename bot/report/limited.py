"""Markdown that must not become longer than its place allows."""

from __future__ import annotations

from bot.report.inert import linked
from bot.report.wording import plural

_MOST_NOTES = 4
_LONGEST_NOTE = 75
_LONGEST_LINK = 2_000


class LimitedPage:
    """Blocks of Markdown that together stay within *limit* bytes of UTF-8.

    Bytes are never fewer than characters, so a limit in characters is kept as well. Each block is
    complete in itself: it is added as a whole or not at all, so that no fence, table or fold is
    left open. Room is kept for notes on what was left out, which lead to *report*.
    """

    def __init__(self, limit: int, report: str | None = None) -> None:
        ending = " not shown here."
        link = linked("the report", report)
        if report is not None and len(link) <= _LONGEST_LINK:
            ending = f" not shown; all of them are in {link}."
        self._ending = ending
        self.room = limit - _MOST_NOTES * (_LONGEST_NOTE - len(" not shown here.") + len(ending))
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
        if number > 0:
            self._blocks.append(f"\n{plural(number, f'more {noun}')}{self._ending}\n")

    def text(self) -> str:
        """Return the blocks one after the other."""
        return "".join(self._blocks)
