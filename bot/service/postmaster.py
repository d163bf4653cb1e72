"""Which process a PostgreSQL's files say they are in use by, and whether that is true."""

from __future__ import annotations

import os
from pathlib import Path

import psutil  # type: ignore[import-untyped]


def is_alive(cluster: Path) -> bool:
    """Return whether the process that `postmaster.pid` names is the server of *cluster*.

    After a crash, and in a container started anew, that id is often another process's.
    """
    process_id = _noted_process(cluster)
    if process_id is None:
        return False
    try:
        process = psutil.Process(process_id)
        with process.oneshot():
            is_server = process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
            return is_server and Path(process.cwd()).samefile(cluster)
    except (psutil.Error, OSError):
        # It has gone, or is so much somebody else's that not even this may be asked.
        return False


def disown_dead(cluster: Path) -> None:
    """Let a new server start where the id of a dead one is some other process's now.

    The file stays, under our own id, which a server that we start takes for no other's: it has
    what the new server needs to find out whether processes of the old one are still at work.
    https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/init/miscinit.c
    """
    noted = cluster / "postmaster.pid"
    if not noted.exists() or is_alive(cluster):
        return
    lines = noted.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    if not lines:
        # The machine went out before it was written.
        noted.unlink()
        return
    with noted.open("r+", encoding="utf-8", errors="surrogateescape") as file:
        file.write("".join([f"{os.getpid()}\n", *lines[1:]]))
        file.truncate()


def _noted_process(cluster: Path) -> int | None:
    try:
        first, _, _ = (cluster / "postmaster.pid").read_text(errors="replace").partition("\n")
        return abs(int(first))
    except (FileNotFoundError, ValueError):
        return None
