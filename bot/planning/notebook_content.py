"""What a notebook's file holds, as far as planning asks: its cells, kernel and language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

# Tags by which a cell is executed in another way, or not at all.
_TAGS = frozenset({"nbci-skip", "parameters", "raises-exception", "skip-execution"})
_NO_TAGS: frozenset[str] = frozenset()
_LANGUAGES = {"bash": "bash", "ir": "r", "ipython": "python", "julia": "julia"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell; `tags` are those that say how it is executed."""

    kind: str
    source: str
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class NotebookContent:
    """A notebook without its outputs and its looks; `formats` is what jupytext pairs it with."""

    kernel: str
    language: str
    cells: tuple[Cell, ...]
    formats: str


def read_content(path: str, data: bytes) -> NotebookContent | None:
    """Return what is in a notebook's file, None when it is no notebook of nbformat 4."""
    notebook = (
        _read_json(data) if PurePosixPath(path).suffix == ".ipynb" else _read_text(path, data)
    )
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        return None
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return None
    metadata = _mapping(notebook, "metadata")
    return NotebookContent(
        kernel=str(_mapping(metadata, "kernelspec").get("name") or ""),
        language=_language(metadata),
        cells=tuple(map(_cell, cells)),
        formats=str(_mapping(metadata, "jupytext").get("formats") or ""),
    )


def _read_json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _read_text(path: str, data: bytes) -> Any:
    # jupytext takes half a second to import.
    from bot.notebooks.text import InvalidNotebook, read_text_notebook

    try:
        return read_text_notebook(path, data).notebook
    except InvalidNotebook:
        return None


def _language(metadata: Mapping[str, Any]) -> str:
    kernelspec = _mapping(metadata, "kernelspec")
    name = kernelspec.get("language") or _mapping(metadata, "language_info").get("name")
    name = str(name or kernelspec.get("name") or "python").lower().rstrip("0123456789.-")
    return _LANGUAGES.get(name, name)


def _cell(cell: Mapping[str, Any]) -> Cell:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    tags = _mapping(cell, "metadata").get("tags")
    return Cell(
        kind=str(cell.get("cell_type")),
        source=source if isinstance(source, str) else "",
        tags=frozenset(tag for tag in _TAGS if tag in tags) if isinstance(tags, list) else _NO_TAGS,
    )


def _mapping(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
