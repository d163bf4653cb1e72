"""A folder for the demo: below the checkout, or where that cannot be, a temporary one."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from interrupts import hold_off

from bot.errors import NbciError
from bot.service.embedded import stop_database
from bot.service.postgres_programs import programs_for


@contextlib.contextmanager
def workplace(wanted: Path) -> Iterator[Path]:
    """Give a folder whose `data` the bot can have for its own: *wanted* if it will do.

    It will not where another demo is using it, where it is somebody else's, or where the user who
    runs PostgreSQL for root cannot get to it. The database in it has stopped afterwards.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(_claimed(wanted))
        except (OSError, NbciError):
            temporary = Path(tempfile.mkdtemp(prefix="nbci-demo-"))
            stack.callback(shutil.rmtree, temporary, ignore_errors=True)
            # Who runs PostgreSQL for root has to pass.
            temporary.chmod(0o711)
            folder = stack.enter_context(_claimed(temporary))
        yield folder


@contextlib.contextmanager
def _claimed(folder: Path) -> Iterator[Path]:
    """Give *folder*, emptied, to us alone."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        data = folder / "data"
        # A demo that was killed has left it running.
        stop_database(data)
        for name in ("data", "repository"):
            if (folder / name).exists():
                shutil.rmtree(folder / name)
        programs_for(data / "postgres")
        try:
            yield folder
        finally:
            hold_off()
            stop_database(data)
