"""Where one notebook's kernel looks for modules, and what an import finds there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cached_property

from bot.planning.facts import Import
from bot.planning.module_index import Module, ModuleIndex


class SearchPath:
    """The folders of `sys.path` that lie in the repository.

    `own` are the notebook's: its folder and what it adds. `shared` are those where the
    repository's packages lie when they are installed: behind the standard library.
    """

    def __init__(self, index: ModuleIndex, own: tuple[str, ...], shared: tuple[str, ...]) -> None:
        self.own = own
        self._index = index
        self._shared = shared
        self._top: dict[str, Module | None] = {}

    @cached_property
    def special_names(self) -> frozenset[str]:
        """The names that mean something else here than in the shared folders alone."""
        shared = SearchPath(self._index, (), self._shared)
        names = {name for folder in self.own for name in self._index.names_in(folder)}
        return frozenset(name for name in names if self._find_top(name) != shared._find_top(name))

    def files_of(self, item: Import, importer: str) -> list[str]:
        """Return the files that Python executes for an import in the file *importer*."""
        modules = self._modules_of(item, importer)
        return [module.file for module in modules if module.file is not None]

    def _modules_of(self, item: Import, importer: str) -> Iterator[Module]:
        parts = item.module.split(".") if item.module else []
        if item.level:
            module = self._index.package_above(importer, item.level)
        else:
            module = self._find_top(parts.pop(0)) if parts else None
        if item.name not in ("", "*"):
            parts.append(item.name)
        for name in parts:
            if module is None:
                return
            yield module
            module = self._index.find(module.folders, name)
        if module is not None:
            yield module

    def _find_top(self, name: str) -> Module | None:
        if name not in self._top:
            is_standard = name in sys.stdlib_module_names
            folders = self.own if is_standard else (*self.own, *self._shared)
            self._top[name] = self._index.find(folders, name)
        return self._top[name]
