"""The folders of a repository in which its packages lie, as its projects' files tell."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Any

from bot.planning.paths import path_inside
from bot.planning.source import Source
from bot.planning.toml_text import read_toml, table_at

_PROJECT_FILES = frozenset({"pyproject.toml", "setup.cfg", "setup.py"})
# Where packages lie by custom, in the order in which they are looked through.
_CUSTOMARY = ("src", "", "lib", "python")
_MOST_PROJECTS = 500


def project_roots(source: Source) -> tuple[str, ...]:
    """Return the folders in which imports are looked for, those of the top of the repository first.

    The top is a project, and so is each folder with a pyproject.toml, setup.cfg or setup.py.
    """
    files = [
        path
        for path in (entry.path for entry in source.entries())
        if path.rpartition("/")[2] in _PROJECT_FILES
    ][:_MOST_PROJECTS]
    projects = sorted({posixpath.dirname(path) for path in files} | {""})
    declared = {
        posixpath.dirname(path): list(_declared_folders(data))
        for path, data in source.read(path for path in files if path.endswith("pyproject.toml"))
    }
    found = (
        path_inside(project, folder)
        for project in projects
        for folder in (*declared.get(project, ()), *_CUSTOMARY)
    )
    return tuple(dict.fromkeys(folder for folder in found if folder is not None))


def _declared_folders(data: bytes) -> Iterator[str]:
    """Yield where the build tools of a pyproject.toml look for packages."""
    tool = table_at(read_toml(data), "tool")
    setuptools = table_at(tool, "setuptools")
    yield from _texts(table_at(setuptools, "package-dir").get(""))
    yield from _texts(table_at(setuptools, "packages", "find").get("where"))
    poetry = table_at(tool, "poetry").get("packages")
    for package in poetry if isinstance(poetry, list) else []:
        yield from _texts(package.get("from") if isinstance(package, dict) else None)
    wheel = table_at(tool, "hatch", "build", "targets", "wheel")
    yield from _texts(wheel.get("sources"))
    yield from (posixpath.dirname(package) for package in _texts(wheel.get("packages")))
    yield from _texts(table_at(tool, "pdm", "build").get("package-dir"))
    yield from _texts(table_at(tool, "pytest", "ini_options").get("pythonpath"))


def _texts(value: Any) -> Iterable[str]:
    listed = value if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, str)]
