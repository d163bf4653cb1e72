"""The files of a git working tree as they are on disk, uncommitted and untracked ones included."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from bot.forges.commit_tree import CommitTree
from bot.forges.disk import entry_at, link_target, read_files
from bot.forges.git_command import Git
from bot.forges.lfs import really_changed
from bot.forges.raw_diff import DIFF_OPTIONS, parse_raw_diff
from bot.forges.tree_modes import ABSENT, kind_of
from bot.planning.blobs import blob_id
from bot.planning.source import Change, Entry, EntryKind


class _OnDisk(NamedTuple):
    """What git says of the disk: the modes of paths that differ from the index, and new paths."""

    modes: dict[str, str]
    untracked: list[str]


@dataclass(frozen=True)
class WorkingTree:
    """A Source whose head is what is on disk; `base` is a tree or commit."""

    git: Git
    base: CommitTree

    @property
    def root(self) -> Path:
        """The top of the working tree."""
        return self.git.folder

    def entries(self) -> Sequence[Entry]:
        """Return what is tracked and there, and what is untracked and not ignored."""
        return self._entries

    def find(self, path: str) -> Entry | None:
        """Return what is on disk at *path*, one that git ignores included."""
        return entry_at(self.root, path)

    def read(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of files on disk."""
        return read_files(self.root, paths)

    def read_base(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content at the base."""
        return self.base.read(paths)

    def changes(self) -> Sequence[Change]:
        """Return what differs from the base, as if everything untracked were added."""
        if not self._on_disk.untracked:
            return self._changes(index=None)
        with tempfile.TemporaryDirectory(prefix="nbci-") as folder:
            return self._changes(self._index_with_untracked(Path(folder)))

    def _changes(self, index: Path | None) -> list[Change]:
        command = ("diff", *DIFF_OPTIONS, "--no-ext-diff", "--no-textconv", self.base.tree, "--")
        fields = self.git.fields(*command, index=index)
        return really_changed(self.git, parse_raw_diff(fields, self._blob_on_disk))

    @cached_property
    def _entries(self) -> list[Entry]:
        found = dict.fromkeys(self._on_disk.untracked, "")
        for line in self.git.fields("ls-files", "-t", "--stage", "-z"):
            about, _, path = line.partition("\t")
            tag, mode, blob, _ = about.split(" ")
            if (
                tag != "S" and self._on_disk.modes.get(path) != ABSENT
            ):  # S: left out of a sparse one
                found[path] = f"{mode} {blob}" if path not in self._on_disk.modes else ""
        return [self._entry(path, *found[path].split()) for path in sorted(found)]

    def _entry(self, path: str, mode: str = "", blob: str = "") -> Entry:
        kind = kind_of(mode or self._on_disk.modes.get(path) or self._mode_of_untracked(path))
        target = link_target(self.root / path) if kind is EntryKind.SYMLINK else ""
        return Entry(path, blob, kind, target)

    def _mode_of_untracked(self, path: str) -> str:
        return "120000" if (self.root / path).is_symlink() else "100644"

    @cached_property
    def _on_disk(self) -> _OnDisk:
        """What git says of each path that differs from the index.

        https://git-scm.com/docs/git-status#_porcelain_format_version_2
        """
        modes: dict[str, str] = {}
        untracked: list[str] = []
        command = ("status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames")
        for line in self.git.fields(*command, "--ignore-submodules=dirty"):
            if line.startswith("1 "):
                _, states, *_, mode, _, _, path = line.split(" ", 8)
                if states[1] != ".":
                    modes[path] = mode
            elif line.startswith("u "):
                *_, mode, _, _, _, path = line.split(" ", 10)
                modes[path] = mode
            elif line.startswith("? ") and not line.endswith("/"):  # with a slash: a repository
                untracked.append(line[2:])
        return _OnDisk(modes, untracked)

    def _index_with_untracked(self, folder: Path) -> Path:
        """Return a copy of the index that has the untracked files too, so that git sees renames."""
        own = self.root / self.git.text("rev-parse", "--git-path", "index")
        index = folder / "index"
        if own.exists():
            # With its time: git takes a file for unchanged by size and second, unless the index
            # is no younger (https://git-scm.com/docs/racy-git).
            shutil.copy2(own, index)
        empty = blob_id(b"", like=self.base.tree)
        listed = "".join(f"100644 {empty} 0\t{path}\0" for path in self._on_disk.untracked)
        self.git.run(
            *("update-index", "--add", "--replace", "-z", "--index-info"),
            stdin=listed.encode("utf-8", "surrogateescape"),
            index=index,
        )
        return index

    def _blob_on_disk(self, path: str) -> str:
        found = dict(read_files(self.root, [path]))
        return blob_id(found[path], like=self.base.tree) if found else ""
