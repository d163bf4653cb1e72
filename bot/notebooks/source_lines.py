"""Where in an .ipynb file a line of a cell's source stands, for annotations and clickable paths."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class CellLines:
    """Lines of the file, from 1: where a cell begins, and where each line of its source stands."""

    start: int
    source: tuple[int, ...]


def locate(data: bytes, cell_number: int, cell_line: int | None = None) -> int | None:
    """Return the line of the notebook file *data*, from 1, that holds a line of a cell's source.

    Cells and their lines are counted from 1. Without *cell_line* it is the first line of the
    source; a line past the end means the last one, which is where Python puts an unfinished
    statement. None when the file is no notebook or has no such cell.
    """
    cells = cell_lines(data)
    if not 1 <= cell_number <= len(cells):
        return None
    cell = cells[cell_number - 1]
    if not cell.source:
        return cell.start
    return cell.source[min(max(cell_line or 1, 1), len(cell.source)) - 1]


def cell_lines(data: bytes) -> list[CellLines]:
    """Return for each cell of a notebook file where its source stands; nothing for a broken file.

    Lines end at a line feed, as git and GitHub count them.
    """
    try:
        return _Scanner(data.decode("utf-8-sig", "surrogateescape")).notebook()
    except (ValueError, RecursionError):
        return []


class _Scanner:
    """Walks a JSON text from front to back, once, and knows on which line it is.

    Only the way to the sources is walked here; every other value is left to the C decoder of
    `json`, which also finds where it ends. Of repeated keys the last one counts, as for `json`.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted_to = 0
        self._line = 1

    def notebook(self) -> list[CellLines]:
        cells: list[CellLines] = []
        for key in self._members():
            if key == "cells":
                cells = [self._cell() for _ in self._elements()]
            else:
                self._value()
        return cells

    def _cell(self) -> CellLines:
        start = self._here()
        source: tuple[int, ...] = ()
        for key in self._members():
            if key == "source":
                start = self._here()
                source = self._source()
            else:
                self._value()
        return CellLines(start, source)

    def _source(self) -> tuple[int, ...]:
        if self._next() == '"':
            return _line_starts([(self._here(), self._string())])
        return _line_starts([(self._here(), self._string()) for _ in self._elements()])

    def _members(self) -> Iterator[str]:
        """Yield each key of an object; the caller takes the value before asking for the next."""
        self._expect("{")
        while self._next() != "}":
            key = self._string()
            self._expect(":")
            self._next()
            yield key
            self._expect_separator("}")
        self._at += 1

    def _elements(self) -> Iterator[None]:
        """Stop before each element of an array; the caller takes it before going on."""
        self._expect("[")
        while self._next() != "]":
            yield
            self._expect_separator("]")
        self._at += 1

    def _value(self) -> object:
        value, self._at = _DECODER.raw_decode(self._text, self._at)
        return value

    def _string(self) -> str:
        value = self._value()
        if isinstance(value, str):
            return value
        raise ValueError("expected a string")

    def _next(self) -> str:
        """Pass over white space and return the character there, empty at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise ValueError(f"expected {character}")
        self._at += 1

    def _expect_separator(self, closing: str) -> None:
        if self._next() != closing:
            self._expect(",")

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line


def _line_starts(pieces: list[tuple[int, str]]) -> tuple[int, ...]:
    """Return on which line of the file each line of the joined *pieces* begins."""
    starts: list[int] = []
    at_line_start = True
    for line, piece in pieces:
        for part in _LINE.findall(piece):
            if at_line_start:
                starts.append(line)
            at_line_start = part.endswith("\n")
    return tuple(starts)
