"""What planning asks of the place that files come from: a commit, a working tree, a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

# A file above this is not looked into: it still counts as changed, and as a notebook.
MAX_BYTES = 100_000_000


class EntryKind(StrEnum):
    """What stands at a path."""

    FILE = "file"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Entry:
    """A path at the head.

    `blob` is git's id of the content, empty where git has not stored that content; it names the
    content before filters such as git-lfs. `target` is what a symlink points to.
    """

    path: str
    blob: str = ""
    kind: EntryKind = EntryKind.FILE
    target: str = ""


class ChangeKind(StrEnum):
    """What happened to a path between base and head; MODE means that the content is the same."""

    ADDED = "added"
    MODIFIED = "modified"
    RENAMED = "renamed"
    COPIED = "copied"
    DELETED = "deleted"
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class Change:
    """A path that differs between base and head; `old_path` is where it was renamed or copied from.

    A blob id is empty where the side does not exist or git has not stored its content.
    """

    path: str
    kind: ChangeKind
    old_path: str | None = None
    old_blob: str = ""
    new_blob: str = ""


class Source(Protocol):
    """The files of a review's head, and how they differ from its base."""

    @property
    def root(self) -> Path:
        """The folder that paths are relative to."""

    def entries(self) -> Sequence[Entry]:
        """Return every path at the head that git knows or would add, ordered by path."""

    def find(self, path: str) -> Entry | None:
        """Return what stands at *path* at the head, a file that git ignores included.

        None for a folder. A path that leads through a symlink is a symlink.
        """

    def read(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content at the head of those that are regular files of at most MAX_BYTES.

        The order may differ from that of *paths*.
        """

    def read_base(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield path and content at the base, as `read` does at the head."""

    def changes(self) -> Sequence[Change]:
        """Return what differs between base and head, ordered by path."""
