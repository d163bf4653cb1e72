"""Text notebooks: scripts and Markdown that jupytext reads as notebooks, and where their cells are.

Formats that jupytext hands to another program (pandoc, quarto, marimo) are not read: that program
would work on what somebody else wrote.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from bot.config.patterns import TEXT_SUFFIXES

if TYPE_CHECKING:
    from bot.notebooks.text_cells import Cell

MAX_BYTES = 1_000_000
MAX_LINES = 10_000

# str.splitlines, which jupytext uses, ends a line at these; editors, GitHub and kernels do not.
# They are swapped for characters of a private plane while jupytext reads.
_NO_LINE_ENDS = dict(
    zip(map(ord, "\v\f\x1c\x1d\x1e\x85\u2028\u2029"), range(0x10FF00, 0x10FF08), strict=True)
)
_BACK = {stand_in: character for character, stand_in in _NO_LINE_ENDS.items()}


class InvalidNotebook(Exception):
    """The file is no notebook that can be run; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextNotebook:
    """A notebook (nbformat 4, plain JSON values) and where its cells stand in the text.

    `cell_lines` has for each cell the line of the file, from 1, on which its source begins.
    """

    notebook: dict[str, Any]
    cell_lines: tuple[int, ...]

    def line_of(self, cell_number: int, cell_line: int | None = None) -> int:
        """Return the file's line for a line of a cell; cells and lines are counted from 1."""
        return self.cell_lines[cell_number - 1] + (cell_line or 1) - 1


def is_text_notebook(path: str) -> bool:
    """Whether a file of this name is read as a text notebook, if it is a notebook at all."""
    return PurePosixPath(path).suffix in TEXT_SUFFIXES


def read_text_notebook(path: str, data: bytes) -> TextNotebook:
    """Return the notebook in a file named *path* with this content; the path is not opened.

    The format is what the file's header says, else what its content looks like. The same content
    gives the same notebook, cell ids included. Raises InvalidNotebook.
    """
    from bot.notebooks.text_cells import read_cells

    text = _text_of(data).translate(_NO_LINE_ENDS)
    try:
        with warnings.catch_warnings(action="ignore"):
            metadata, cells = read_cells(text, PurePosixPath(path).suffix)
            notebook = {
                "cells": [_as_json(number, cell) for number, cell in enumerate(cells, 1)],
                "metadata": metadata,
                "nbformat": 4,
                "nbformat_minor": 5,
            }
    # jupytext lets everything out that its parsers and unforeseen input can raise.
    except Exception as error:
        said = str(getattr(error, "problem", None) or error)  # YAML's errors have a problem
        reason = said.partition("\n")[0] or type(error).__name__
        raise InvalidNotebook(f"jupytext cannot read it: {reason}") from error
    return TextNotebook(notebook=notebook, cell_lines=tuple(cell.line for cell in cells))


def _text_of(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise InvalidNotebook(f"a text notebook can have {MAX_BYTES:,} bytes at most")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidNotebook(f"line {line} is not text in UTF-8") from None
    if text.count("\n") > MAX_LINES:
        raise InvalidNotebook(f"a text notebook can have {MAX_LINES:,} lines at most")
    return text


def _as_json(number: int, cell: Cell) -> Mapping[str, Any]:
    shared = {
        "cell_type": cell.kind,
        "id": f"cell-{number}",
        "metadata": cell.metadata,
        "source": cell.source.translate(_BACK),
    }
    return shared | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})
