"""Clean copies of a tree, for notebooks to run in without touching the checkout."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.errors import UsageError
from bot.forges.git_command import Git
from bot.forges.lfs import contents_at_hand
from bot.model import printable
from bot.planning.source import Entry, EntryKind

_CHUNK = 1 << 30


def write_commit(git: Git, commit: str, entries: Iterable[Entry], folder: Path) -> None:
    """Write the files of *commit* into *folder*; *entries* are what is in it.

    A file that Git LFS keeps is written as such where its content was fetched, else as a pointer.
    """
    target = _empty(folder)
    with tempfile.TemporaryDirectory(prefix="nbci-") as scratch:
        index = Path(scratch) / "index"
        git.run("read-tree", commit, index=index)
        # Git joins the prefix and the path: without the slash they would become one name.
        git.run("checkout-index", "--all", "--force", f"--prefix={target}/", index=index)
    for path, content in contents_at_hand(git, entries):
        (target / path).unlink()
        _copy_content(content, target / path)


def copy_files(root: Path, entries: Iterable[Entry], folder: Path) -> None:
    """Copy what stands at *entries* below *root* into *folder*, symlinks as symlinks.

    The copy shares no storage that is written through: where the file system can, the blocks are
    shared until one side is written, else they are copied.
    """
    target = _empty(folder)
    made = {target}
    for entry in entries:
        place = target / entry.path
        if place.parent not in made:
            place.parent.mkdir(parents=True, exist_ok=True)
            made.add(place.parent)
        try:
            _copy(root / entry.path, place, entry)
        except FileNotFoundError:
            continue  # gone since it was listed
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"{printable(entry.path)} cannot be copied: {reason}") from None


def _empty(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if next(folder.iterdir(), None) is not None:
        raise UsageError(f"{printable(str(folder))} is not empty")
    return folder.resolve()


def _copy(source: Path, place: Path, entry: Entry) -> None:
    if entry.kind is EntryKind.SYMLINK:
        place.symlink_to(entry.target)
    elif entry.kind is EntryKind.SUBMODULE:
        place.mkdir(exist_ok=True)
    else:
        _copy_content(source, place)


def _copy_content(source: Path, place: Path) -> None:
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(reading, "rb") as original, place.open("xb") as copy:
        status = os.fstat(reading)
        if not _copy_blocks(reading, copy.fileno()):
            shutil.copyfileobj(original, copy)
        os.fchmod(copy.fileno(), status.st_mode & 0o777 | 0o200)
        os.utime(copy.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))


def _copy_blocks(reading: int, writing: int) -> bool:
    """Copy all content inside the kernel, as references to the same blocks where it can."""
    if not hasattr(os, "copy_file_range"):
        return False
    try:
        while os.copy_file_range(reading, writing, _CHUNK):
            pass
    except OSError:
        # Not between these file systems, or not on them at all. Nothing, or a part, was copied.
        os.lseek(reading, 0, os.SEEK_SET)
        os.lseek(writing, 0, os.SEEK_SET)
        return False
    return True
