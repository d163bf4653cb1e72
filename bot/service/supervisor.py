"""All of the bot on one machine: its processes started, and started again when one ends."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import NbciError, UsageError

_log = logging.getLogger(__name__)

_TICK = 0.5
_LIVED = 30.0
"""Seconds after which a child counts as one that works."""
_LONGEST_PAUSE = 30.0
_WRONG_USE = UsageError.exit_code


@dataclass
class Child:
    """A process to keep running: *name* is for the log, *arguments* start it."""

    name: str
    arguments: Sequence[str]
    _process: subprocess.Popen[bytes] | None = None
    _starts: int = 0
    _began: float = 0.0
    _pause: float = 0.0
    _next: float = 0.0

    def keep(self, now: float) -> None:
        """Start the process where it does not run, after a pause where it ended at once.

        Raises UsageError where it ends with that code the first time: it has said what is wrong
        with how it is used, and to start it again would not mend that.
        """
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            lived = now - self._began
            if code == _WRONG_USE and self._starts == 1:
                raise UsageError(f"{self.name} cannot be started; what is wrong stands above")
            self._pause = 0.2 if lived > _LIVED else min(max(self._pause * 2, 0.2), _LONGEST_PAUSE)
            self._next = now + self._pause
            self._process = None
            _log.error(
                "%s has ended with %s after %.0f s, it is started again", self.name, code, lived
            )
        if now >= self._next:
            self._start(now)

    def _start(self, now: float) -> None:
        try:
            self._process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL)
        except OSError as error:
            # The machine has no room for another process, at this moment.
            self._next = now + _LONGEST_PAUSE
            _log.error("%s cannot be started, which is tried again: %s", self.name, error)
        else:
            self._began = now
            self._starts += 1

    @property
    def is_over(self) -> bool:
        """Whether it does not run."""
        return self._process is None or self._process.poll() is not None

    def tell_to_end(self) -> None:
        """Ask the process to end."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Return when the process has ended, which it must within *seconds*."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            _log.error("%s does not end, it is killed", self.name)
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Be the one that looks after what is in *data_dir*; raises UsageError where another does."""
    with (data_dir / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{data_dir}: another `nbci serve` looks after the PostgreSQL in it: end that one,"
                " set NBCI_DATA_DIR to another folder, or start more of `nbci worker`"
            ) from None
        yield


@dataclass
class Supervisor:
    """Keeps *children* running, and what they need: *ensure* is called again and again.

    *ready* says when all of it works, *announce* is called once it does.
    """

    children: Sequence[Child]
    ensure: Callable[[], object]
    ready: Callable[[], bool]
    announce: Callable[[], None]
    every: float = 2.0
    patience: float = 30.0
    _ensured: float = field(default=float("-inf"))
    _is_announced: bool = False

    def run(self, stop: threading.Event) -> None:
        """Keep everything running until *stop* is set, then end it.

        Raises UsageError, with nothing left running, where a child cannot be started as it is.
        """
        try:
            self._keep(stop)
        finally:
            self._end()

    def _keep(self, stop: threading.Event) -> None:
        while not stop.is_set():
            now = time.monotonic()
            self._ensure(now)
            for child in self.children:
                child.keep(now)
            if not self._is_announced and self.ready():
                self._is_announced = True
                self.announce()
            stop.wait(_TICK)

    def _end(self) -> None:
        for child in self.children:
            child.tell_to_end()
        deadline = time.monotonic() + self.patience
        for child in self.children:
            child.wait(max(deadline - time.monotonic(), 0.0))

    def _ensure(self, now: float) -> None:
        if now - self._ensured < self.every:
            return
        self._ensured = now
        try:
            self.ensure()
        except NbciError as error:
            _log.error("%s", error)
