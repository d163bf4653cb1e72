"""A folder that is no git repository as the place that a review's files come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.errors import UsageError
from bot.forges.copying import copy_files
from bot.forges.disk import entry_at, link_target, read_files
from bot.model import JsonValue, ReviewRequest, printable
from bot.planning.source import Change, Entry, EntryKind, Source

# What a .gitignore would name: caches, installed packages, and everything hidden.
_NOT_ENTERED = frozenset({"__pycache__", "node_modules", "nbci-report"})


@dataclass(frozen=True)
class PlainFolder:
    """A folder of files without a history: its notebooks can be named, its changes cannot."""

    root: Path

    @property
    def identity(self) -> str:
        """The folder's path."""
        return str(self.root)

    def request(
        self,
        base: str | None = None,
        head: str | None = None,
        *,
        notebooks: Sequence[str] = (),
        everything: bool = False,
        parameters: Mapping[str, JsonValue] | None = None,
    ) -> ReviewRequest:
        """Return the request for notebooks by name, or for all; raise UsageError for a change."""
        shown = printable(str(self.root))
        if base is not None or head is not None:
            raise UsageError(f"{shown} is in no git repository: --base and --head need one")
        if not notebooks and not everything:
            raise UsageError(
                f"{shown} is in no git repository, so nbci cannot tell what changed:"
                " name notebooks or folders, or say --all"
            )
        return ReviewRequest(
            repository=self.identity,
            working_tree=True,
            everything=everything,
            notebooks=tuple(notebooks),
            parameters=parameters or {},
        )

    def source(self, request: ReviewRequest) -> Source:
        """Return the files as they are on disk; *request* cannot ask for others."""
        return FolderFiles(self.root)

    def export(self, request: ReviewRequest, folder: Path) -> None:
        """Write a copy of the files into *folder*, which must be empty or not exist."""
        copy_files(self.root, self.source(request).entries(), folder)

    def describe(self, request: ReviewRequest) -> str:
        """Return one line that says what is reviewed."""
        return f"Folder {printable(str(self.root))}, which is in no git repository"


@dataclass(frozen=True)
class FolderFiles:
    """A Source without a base: hidden folders, virtual environments and caches are not entered."""

    root: Path

    def entries(self) -> Sequence[Entry]:
        """Return every file and symlink, ordered by path."""
        return self._entries

    def find(self, path: str) -> Entry | None:
        """Return what is on disk at *path*."""
        return entry_at(self.root, path)

    def read(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of files on disk."""
        return read_files(self.root, paths)

    def read_base(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield nothing: there is no base."""
        return iter(())

    def changes(self) -> Sequence[Change]:
        """Return nothing: there is no base."""
        return ()

    @cached_property
    def _entries(self) -> list[Entry]:
        found: list[Entry] = []
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            for child in self._children(prefix):
                path = prefix + child.name
                if child.is_symlink():
                    target = link_target(self.root / path)
                    found.append(Entry(path, kind=EntryKind.SYMLINK, target=target))
                elif child.is_dir() and _is_entered(child):
                    waiting.append(path + "/")
                elif child.is_file():
                    found.append(Entry(path))
        return sorted(found, key=lambda entry: entry.path)

    def _children(self, prefix: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / prefix) as children:
                return list(children)
        except PermissionError:
            return []


def _is_entered(folder: os.DirEntry[str]) -> bool:
    if folder.name.startswith(".") or folder.name in _NOT_ENTERED:
        return False
    return not Path(folder.path, "pyvenv.cfg").exists()
