"""What this machine has to offer."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

_CGROUP_LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)


@cache
def machine_memory() -> int:
    """Return the bytes of memory that a run may use where nothing else was said.

    That is nine tenths of what the machine, or the container we are in, has: beyond it the system
    would kill something, perhaps us.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUP_LIMITS:
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total * 9 // 10


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def short_folder() -> str:
    """Return a folder for temporary files whose path is short.

    The path of a Unix socket has at most 107 bytes (`man 7 unix`); on macOS the usual folder
    leaves too few of them.
    """
    usual = tempfile.gettempdir()
    return usual if len(usual) < 40 else "/tmp"  # noqa: S108 - folders made in it are private
