"""Paths of the repository: POSIX, relative to its top."""

from __future__ import annotations

import posixpath


def path_inside(folder: str, path: str) -> str | None:
    """Return *path*, relative to *folder*, as a path of the repository; None if it leads out.

    >>> path_inside("notebooks/deep", "../../src"), path_inside("a", ".."), path_inside("", "..")
    ('src', '', None)
    """
    if path.startswith("/") or "\0" in path:
        return None
    joined = posixpath.normpath(posixpath.join(folder, path))
    if joined == ".." or joined.startswith("../"):
        return None
    return "" if joined == "." else joined
