"""From a file's name and bytes to the facts in it."""

from __future__ import annotations

import posixpath
import re
from enum import StrEnum

from bot.planning.commands import read_shell
from bot.planning.facts import Facts, Place
from bot.planning.magics import read_cell
from bot.planning.notebook_content import read_content
from bot.planning.python_code import read_python

_SOURCED = {
    "r": re.compile(r"\b(?:sys\.)?source\(\s*(?:file\s*=\s*)?[\"']([^\"'\n]+)[\"']"),
    "julia": re.compile(r"\binclude\(\s*\"([^\"\n]+)\""),
}


class Role(StrEnum):
    """As what a file is read; the same bytes say something else in another role."""

    MODULE = "module"
    NOTEBOOK = "notebook"
    TEXT_NOTEBOOK = "text"
    IPYTHON = "ipython"
    SHELL = "shell"
    R = "r"
    JULIA = "julia"


_ROLES = {
    ".py": Role.MODULE,
    ".ipynb": Role.NOTEBOOK,
    ".ipy": Role.IPYTHON,
    ".sh": Role.SHELL,
    ".bash": Role.SHELL,
    ".r": Role.R,
    ".R": Role.R,
    ".jl": Role.JULIA,
}


def role_of(path: str, *, is_notebook: bool = False) -> Role | None:
    """Return as what the file at *path* is read, None if it says nothing of other files."""
    suffix = posixpath.splitext(path)[1]
    return Role.TEXT_NOTEBOOK if is_notebook and suffix != ".ipynb" else _ROLES.get(suffix)


def read_facts(path: str, data: bytes, role: Role) -> Facts | None:
    """Return what a file says of others, None when it is not what its name promises."""
    if role in (Role.NOTEBOOK, Role.TEXT_NOTEBOOK):
        return _read_notebook(path, data)
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    match role:
        case Role.MODULE:
            return read_python([text])
        case Role.IPYTHON:
            return _read_cells("python", [text])
        case Role.SHELL:
            return read_shell(text)
        case _:
            return _read_sourced(role.value, [text])


def _read_notebook(path: str, data: bytes) -> Facts | None:
    content = read_content(path, data)
    if content is None:
        return None
    cells = [cell.source for cell in content.cells if cell.kind == "code"]
    return _read_cells(content.language, cells)


def _read_cells(language: str, cells: list[str]) -> Facts:
    if language != "python":
        return (
            read_shell("\n".join(cells)) if language == "bash" else _read_sourced(language, cells)
        )
    read = [read_cell(source) for source in cells]
    return Facts.joined(
        [read_python([cell.python for cell in read]), *(cell.commands for cell in read)]
    )


def _read_sourced(language: str, cells: list[str]) -> Facts:
    pattern = _SOURCED.get(language)
    paths = [path for cell in cells for path in pattern.findall(cell)] if pattern else []
    return Facts(runs=tuple(Place(path, from_file=False) for path in dict.fromkeys(paths)))
