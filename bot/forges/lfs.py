"""Git LFS without its program: pointers, and the contents that they stand for.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.forges.git_command import Git
from bot.planning.source import Change, ChangeKind, Entry, EntryKind

_LONGEST_POINTER = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[^\n]*\n)*?oid sha256:([0-9a-f]{64})\n"
)


def really_changed(git: Git, changes: Iterable[Change]) -> list[Change]:
    """Return *changes* of a working tree without files that hold what their old pointer names.

    Git cannot tell, as its filters are off.
    """
    found = list(changes)
    suspects = [
        change.old_blob
        for change in found
        if change.kind is ChangeKind.MODIFIED and change.old_blob and not change.new_blob
    ]
    names = dict(_names_in_pointers(git, suspects))
    return [
        change
        for change in found
        if change.old_blob not in names
        or change.new_blob
        or names[change.old_blob] != _name_of(git.folder / change.path)
    ]


def contents_at_hand(git: Git, entries: Iterable[Entry]) -> Iterator[tuple[str, Path]]:
    """Yield the paths of pointers whose content this clone has, and the file with the content."""
    store = git.folder / git.text("rev-parse", "--git-common-dir") / "lfs" / "objects"
    if not store.is_dir():
        return
    files = [entry for entry in entries if entry.kind is EntryKind.FILE]
    names = dict(_names_in_pointers(git, (entry.blob for entry in files)))
    for entry in files:
        name = names.get(entry.blob)
        if name and (content := store / name[:2] / name[2:4] / name).is_file():
            yield entry.path, content


def _names_in_pointers(git: Git, blobs: Iterable[str]) -> Iterator[tuple[str, str]]:
    for blob, data in git.blobs(blobs, _LONGEST_POINTER):
        if match := _POINTER.match(data):
            yield blob, match[1].decode("ascii")


def _name_of(place: Path) -> str | None:
    """Return the name under which LFS keeps the content of a file."""
    if place.is_symlink() or not place.is_file():
        return None
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
