"""The files of a commit, read from git's object store and from nowhere else."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bot.forges.git_command import Git
from bot.forges.raw_diff import DIFF_OPTIONS, parse_raw_diff
from bot.forges.tree_modes import kind_of
from bot.planning.source import MAX_BYTES, Change, Entry, EntryKind


@dataclass(frozen=True)
class CommitTree:
    """A tree in the object store; `tree` is its id or that of its commit."""

    git: Git
    tree: str

    def entries(self) -> Sequence[Entry]:
        """Return everything in the tree; what lies in submodules is not part of it."""
        return self._entries

    def find(self, path: str) -> Entry | None:
        """Return what stands at *path*; below a symlink there is nothing."""
        return self._by_path.get(path)

    def read(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of files as they were committed, without filters."""
        paths_of: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            entry = self._by_path.get(path)
            if entry is not None and entry.kind is EntryKind.FILE:
                paths_of[entry.blob].append(path)
        for blob, data in self.git.blobs(paths_of, MAX_BYTES):
            for path in paths_of[blob]:
                yield path, data

    @cached_property
    def _entries(self) -> list[Entry]:
        entries = []
        for line in self.git.fields("ls-tree", "-r", "-z", "--full-tree", self.tree):
            about, _, path = line.partition("\t")
            mode, _, blob = about.split(" ")
            entries.append(Entry(path, blob, kind_of(mode)))
        entries.sort(key=lambda entry: entry.path)
        return self._with_targets(entries)

    @cached_property
    def _by_path(self) -> dict[str, Entry]:
        return {entry.path: entry for entry in self._entries}

    def _with_targets(self, entries: list[Entry]) -> list[Entry]:
        links = [entry.blob for entry in entries if entry.kind is EntryKind.SYMLINK]
        targets = {blob: os.fsdecode(data) for blob, data in self.git.blobs(links, 4096)}
        return [
            replace(entry, target=targets.get(entry.blob, ""))
            if entry.kind is EntryKind.SYMLINK
            else entry
            for entry in entries
        ]


@dataclass(frozen=True)
class CommittedFiles:
    """A Source whose head is a commit, and nothing of what is on disk."""

    git: Git
    base: CommitTree
    head: CommitTree

    @property
    def root(self) -> Path:
        """The top of the working tree; the files of the commit need not be there."""
        return self.git.folder

    def entries(self) -> Sequence[Entry]:
        """Return what is in the commit."""
        return self.head.entries()

    def find(self, path: str) -> Entry | None:
        """Return what the commit has at *path*."""
        return self.head.find(path)

    def read(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content in the commit."""
        return self.head.read(paths)

    def read_base(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content at the base."""
        return self.base.read(paths)

    def changes(self) -> Sequence[Change]:
        """Return what differs between the two trees."""
        command = ("diff-tree", "-r", *DIFF_OPTIONS, self.base.tree, self.head.tree, "--")
        return parse_raw_diff(self.git.fields(*command), blob_on_disk=lambda path: "")
