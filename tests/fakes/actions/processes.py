"""Runs the script of a step, and ends it as the runner does when the job is cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Patience:
    """Seconds: from SIGINT to SIGTERM, from there to SIGKILL, and for output after the end."""

    interrupt: float = 7.5
    terminate: float = 2.5
    output: float = 5.0


@dataclass
class Script:
    """One running script; its output goes line by line to *read*."""

    command: list[str]
    folder: Path
    environment: dict[str, str]
    read: object
    patience: Patience
    signals: list[str] = field(default_factory=list)

    def __post_init__(self):
        self._cancelled = threading.Event()
        self._process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=self._read_lines, args=(stream,), daemon=True)
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for reader in self._readers:
            reader.start()
        self._ender = None

    def cancel(self):
        """Begin to end the script: ask it, ask again, then kill it."""
        if not self._cancelled.is_set():
            self._cancelled.set()
            self._ender = threading.Thread(target=self._end, daemon=True)
            self._ender.start()

    def wait(self):
        """Return the exit code, None for a script that was cancelled."""
        code = self._process.wait()
        for reader in self._readers:
            reader.join(self.patience.output)
        if self._ender is not None:
            self._ender.join()
        return None if self._cancelled.is_set() else code

    def _read_lines(self, stream):
        with stream, suppress(ValueError):
            for line in stream:
                self.read(line.decode(errors="replace").rstrip("\r\n"))

    def _end(self):
        for name, seconds in (
            ("SIGINT", self.patience.interrupt),
            ("SIGTERM", self.patience.terminate),
            ("SIGKILL", None),
        ):
            # To this one process, as the runner does: what it started is its own affair.
            self.signals.append(name)
            self._process.send_signal(signal.Signals[name])
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                return


def end_orphans(tracking_id):
    """Kill what still runs with this RUNNER_TRACKING_ID, and return the command lines."""
    ended = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"RUNNER_TRACKING_ID={tracking_id}".encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                if not command:  # a zombie: it has ended already
                    continue
                os.kill(int(folder.name), signal.SIGKILL)
                ended.append(command)
    return ended
