"""Which modules lie where in a repository, found in the order in which Python's import looks.

https://docs.python.org/3/reference/import.html#the-path-based-finder
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_INIT = "__init__"


class Module(NamedTuple):
    """A module or package: its file, None for a namespace package, and where submodules lie."""

    file: str | None
    folders: tuple[str, ...]


class ModuleIndex:
    """The importable files of a repository, by folder and name."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Take the paths of all `.py` files, and the file that each leads to."""
        self._files: dict[str, dict[str, str]] = defaultdict(dict)
        self._folders: dict[str, set[str]] = defaultdict(set)
        for path, file in files.items():
            self._add(path, file)

    @property
    def files(self) -> list[str]:
        """The files of all modules."""
        return sorted({file for names in self._files.values() for file in names.values()})

    @property
    def names(self) -> frozenset[str]:
        """Every name that can be imported from some folder."""
        by_folder = [*self._files.values(), *self._folders.values()]
        return frozenset(name for names in by_folder for name in names)

    def names_in(self, folder: str) -> frozenset[str]:
        """Return the names of the modules and packages in *folder*."""
        return frozenset((*self._files.get(folder, ()), *self._folders.get(folder, ())))

    def find(self, folders: Sequence[str], name: str) -> Module | None:
        """Return the module *name* as Python finds it in *folders*; a namespace comes last."""
        portions: list[str] = []
        for folder in folders:
            is_folder = name in self._folders.get(folder, ())
            inside = f"{folder}/{name}" if folder else name
            if is_folder and (file := self._files[inside].get(_INIT)):
                return Module(file, (inside,))
            if file := self._files.get(folder, {}).get(name):
                return Module(file, ())
            if is_folder:
                portions.append(inside)
        return Module(None, tuple(portions)) if portions else None

    def package_above(self, path: str, levels: int) -> Module | None:
        """Return the package that *levels* dots mean in the module at *path*."""
        parts = path.split("/")
        if levels > len(parts):
            return None
        folder = "/".join(parts[:-levels])
        return Module(self._files.get(folder, {}).get(_INIT), (folder,))

    def _add(self, path: str, file: str) -> None:
        folder, _, name = path.rpartition("/")
        self._files[folder][name.removesuffix(".py")] = file
        while folder:
            parent, _, name = folder.rpartition("/")
            if name in self._folders[parent]:
                return
            self._folders[parent].add(name)
            folder = parent
