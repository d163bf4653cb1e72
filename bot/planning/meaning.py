"""Whether a notebook would do something else than before, or only looks different."""

from __future__ import annotations

from enum import Enum

from bot.planning.notebook_content import NotebookContent, read_content


class Difference(Enum):
    """How far two versions of a notebook differ; the value says it to people."""

    CODE = "changed"
    TEXT = "only text cells changed"
    LOOKS = "only outputs or metadata changed"


def difference(path: str, base: bytes | None, head: bytes | None) -> Difference:
    """Return how two versions of the notebook at *path* differ; CODE when one cannot be read."""
    before = read_content(path, base) if base is not None else None
    after = read_content(path, head) if head is not None else None
    if before is None or after is None or _executed(before) != _executed(after):
        return Difference.CODE
    return Difference.LOOKS if _text(before) == _text(after) else Difference.TEXT


def have_code_in_common(path: str, base: bytes, head: bytes) -> bool:
    """Whether two notebooks share a code cell, or one of them cannot be read or has no code."""
    before, after = read_content(path, base), read_content(path, head)
    if before is None or after is None:
        return True
    sources = [
        {cell.source for cell in content.cells if cell.kind == "code" and cell.source.strip()}
        for content in (before, after)
    ]
    return not all(sources) or not sources[0].isdisjoint(sources[1])


def _executed(content: NotebookContent) -> object:
    """Return all that decides what happens when the notebook runs; an empty cell does nothing."""
    cells = [
        (cell.source, cell.tags)
        for cell in content.cells
        if cell.kind == "code" and cell.source.strip()
    ]
    return content.kernel, content.language, cells


def _text(content: NotebookContent) -> object:
    return [(cell.kind, cell.source) for cell in content.cells if cell.kind != "code"]
