"""Where the files of a repository lie: those of the head, those that are gone, and symlinks."""

from __future__ import annotations

import bisect
import posixpath
from collections.abc import Collection, Iterable, Iterator, Sequence

from bot.planning.facts import Place
from bot.planning.module_index import ModuleIndex
from bot.planning.paths import path_inside
from bot.planning.source import Entry, EntryKind

# Links to folders of links could name more paths than there is memory for.
_MOST_LINKED = 100_000


class Layout:
    """All paths that code can mean, symlinks resolved.

    *entries* are ordered by path. *gone* are paths that the change deleted: an import that still
    means one of them is broken. What lies behind a symlink of *changed* is not what it was: those
    paths are in `relinked` and lead to themselves.
    """

    def __init__(
        self, entries: Sequence[Entry], gone: Iterable[str], changed: Collection[str]
    ) -> None:
        files = [entry.path for entry in entries if entry.kind is EntryKind.FILE]
        self._paths = {path: path for path in (*files, *gone)}
        self.relinked: list[str] = []
        for link in (entry for entry in entries if entry.kind is EntryKind.SYMLINK):
            if len(self._paths) > len(files) + _MOST_LINKED:
                break
            aliases = dict(_linked(link, files))
            if link.path in changed:
                self.relinked += aliases
                aliases = {alias: alias for alias in aliases}
            self._paths |= aliases
        modules = {path: file for path, file in self._paths.items() if path.endswith(".py")}
        self.index = ModuleIndex(modules)

    def run_target(self, place: Place, folders: Iterable[str], file: str) -> str | None:
        """Return the file that code in *file* means by *place*, looked for in *folders*."""
        for folder in [posixpath.dirname(file)] if place.from_file else folders:
            path = path_inside(folder, place.path)
            if path is None:
                continue
            # %run takes names without their ending.
            for suffix in ("", ".py", ".ipynb", ".ipy"):
                if path + suffix in self._paths:
                    return self._paths[path + suffix]
        return None


def _linked(link: Entry, files: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the paths that exist through a symlink inside the repository, and their files."""
    target = path_inside(posixpath.dirname(link.path), link.target)
    if not target:
        return
    start = bisect.bisect_left(files, target)
    for path in files[start : start + _MOST_LINKED]:
        if path == target:
            yield link.path, path
        elif path.startswith(f"{target}/"):
            yield link.path + path[len(target) :], path
        elif not path.startswith(target):
            return
