"""Which files a file makes use of, given where it runs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.planning.facts import Import
from bot.planning.layout import Layout
from bot.planning.library import Library
from bot.planning.paths import path_inside
from bot.planning.search_path import SearchPath
from bot.planning.wording import Link, Step


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where code runs: the working folder, and where its kernel looks for modules."""

    folder: str
    search_path: SearchPath


class Links:
    """The links from file to file in one state of a repository."""

    def __init__(self, library: Library, layout: Layout, roots: Iterable[str]) -> None:
        """Take the files; the facts of all modules must be loaded.

        What any module puts on `sys.path` is looked through last, for whoever imports it.
        """
        self._library = library
        self._layout = layout
        self._shared = tuple(dict.fromkeys([*roots, *self._added_by(layout.index.files)]))
        self._search_paths: dict[tuple[str, ...], SearchPath] = {}
        self._steps: dict[tuple[str, tuple[str, ...], str], tuple[Step, ...]] = {}
        self.common = Surroundings("", self._search_path(()))

    def surroundings_of(self, notebook: str) -> Surroundings:
        """Return where a notebook runs: in its folder, with what it and what it runs add."""
        folder = posixpath.dirname(notebook)
        first: list[str] = []
        last: list[str] = []
        files = [notebook]
        for file in files:  # grows as it goes
            facts = self._library.facts_of(file)
            for place, is_first in facts.folders:
                added = path_inside(
                    posixpath.dirname(file) if place.from_file else folder, place.path
                )
                if added is not None:
                    (first if is_first else last).append(added)
            for place in facts.runs:
                target = self._layout.run_target(place, [folder, *first, *last], file)
                if target is not None and target not in files:
                    files.append(target)
        own = tuple(dict.fromkeys([*reversed(first), folder, *last]))
        return Surroundings(folder, self._search_path(own))

    def steps(self, file: str, surroundings: Surroundings) -> tuple[Step, ...]:
        """Return what *file* imports and runs, as it does in these surroundings."""
        key = (surroundings.folder, surroundings.search_path.own, file)
        if key not in self._steps:
            found = dict.fromkeys(self._find_steps(file, surroundings))
            self._steps[key] = tuple(step for step in found if step.path != file)
        return self._steps[key]

    def behind(self, step: Step, surroundings: Surroundings) -> Surroundings:
        """Return the surroundings of the file that *step* leads to.

        A script that is run has the modules beside it looked for first.
        """
        if step.link is Link.IMPORTS:
            return surroundings
        own = (posixpath.dirname(step.path), *surroundings.search_path.own)
        return Surroundings(surroundings.folder, self._search_path(tuple(dict.fromkeys(own))))

    def _find_steps(self, file: str, surroundings: Surroundings) -> Iterator[Step]:
        facts = self._library.facts_of(file)
        imports = list(facts.imports)
        if posixpath.basename(file) == "__init__.py":
            imports += [Import(1, "", name) for name in facts.exports]
        for item in imports:
            for path in surroundings.search_path.files_of(item, file):
                yield Step(Link.IMPORTS, path)
        own = surroundings.search_path.own
        folders = [surroundings.folder, posixpath.dirname(file), *own]
        for place in facts.runs:
            target = self._layout.run_target(place, folders, file)
            if target is not None:
                yield Step(Link.RUNS, target)

    def _search_path(self, own: tuple[str, ...]) -> SearchPath:
        if own not in self._search_paths:
            self._search_paths[own] = SearchPath(self._layout.index, own, self._shared)
        return self._search_paths[own]

    def _added_by(self, modules: Iterable[str]) -> Iterator[str]:
        for file in modules:
            for place, _ in self._library.facts_of(file).folders:
                added = path_inside(posixpath.dirname(file), place.path)
                if added is not None:
                    yield added
