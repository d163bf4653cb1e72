"""Reading files where they lie, without following symlinks and without waiting on pipes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.planning.source import MAX_BYTES, Entry, EntryKind


def entry_at(root: Path, path: str) -> Entry | None:
    """Return what stands at *path* below *root*, None for a folder or what is no file at all.

    What a path reaches through a symlink is given as a symlink, whose target is not looked at.
    """
    place = root
    try:
        for part in path.split("/"):
            place = place / part
            if place.is_symlink():
                return Entry(path, kind=EntryKind.SYMLINK, target=link_target(place))
        return Entry(path) if place.is_file() else None
    except OSError:  # a name that is too long, a folder that may not be looked into
        return None


def link_target(place: Path) -> str:
    """Return what a symlink says, empty when it is gone by now."""
    try:
        return str(place.readlink())
    except OSError:
        return ""


def read_files(root: Path, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the regular files of at most MAX_BYTES.

    What is missing, unreadable or something else than a file is left out: whoever runs it says so.
    """
    for path in paths:
        data = _read(root / path)
        if data is not None:
            yield path, data


def _read(place: Path) -> bytes | None:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            return None
        try:
            return file.read(MAX_BYTES)
        except OSError:
            return None
