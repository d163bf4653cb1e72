"""Ways to start a runner: forked by a fork server, or as a program of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from bot.errors import UsageError

RUNNER = Path(__file__).parents[2] / "notebooks" / "runner.py"
FORK_SERVER = Path(__file__).with_name("fork_server.py")
PACKAGES = str(Path(__file__).parents[3])

# On macOS system libraries do not survive a fork without exec.
CAN_FORK = sys.platform == "linux"

# The folder of the file must not come onto the path of imports: a module there could hide one of
# the standard library. Loaded as a module, its bytecode is cached.
_BOOTSTRAP = (
    "import sys; sys.path.pop(0); import importlib.util as u;"
    "s = u.spec_from_file_location('nbci_fork_server', sys.argv[1]); m = u.module_from_spec(s);"
    "sys.modules[s.name] = m; s.loader.exec_module(m); m.main(*sys.argv[2:])"
)


class Launcher(Protocol):
    """Starts runners and knows which have ended."""

    def start(self, run_id: str, spec: Mapping[str, Any]) -> None:
        """Start a runner; *spec* holds the fields of `runner.Spec`."""

    def stop(self, run_id: str) -> None:
        """Have a runner end its notebook, or be killed after a few seconds."""

    def kill(self, run_id: str) -> None:
        """Kill a runner that did not stop, with everything that it depends on."""

    def ended(self) -> Mapping[str, int]:
        """Return the wait status of each run that has ended since the last time."""

    def fileno(self) -> int | None:
        """Return what becomes readable when a run has ended, or None if one has to look."""

    def close(self) -> None:
        """End everything."""


class ForkServerLauncher:
    """Runners forked by a server in *python*, which has imported ipykernel."""

    def __init__(
        self, python: str, environment: Mapping[str, str], preload: Sequence[str] = ()
    ) -> None:
        """Start the server; raises UsageError when *python* is no program."""
        self.python = python
        self.preload = tuple(preload)
        self._control, theirs = socket.socketpair()
        self._pending = b""
        self._ended: dict[str, int] = {}
        self._running: set[str] = set()
        self._has_ipykernel: bool | None = None
        self.is_alive = True
        with theirs:
            arguments = [str(FORK_SERVER), str(RUNNER), str(theirs.fileno()), *preload]
            try:
                self._process = subprocess.Popen(
                    [python, "-c", _BOOTSTRAP, *arguments],
                    env=environment,
                    cwd="/",
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as error:
                self._control.close()
                raise UsageError(f"{python} cannot be started: {error.strerror}") from None

    def start(self, run_id: str, spec: Mapping[str, Any]) -> None:
        """Start a runner."""
        self._running.add(run_id)
        self._say({"run": run_id, "spec": dict(spec)})

    def stop(self, run_id: str) -> None:
        """Have a runner end its notebook, or be killed after a few seconds."""
        self._say({"stop": run_id})

    def kill(self, run_id: str) -> None:
        """Kill the server, which no longer does what it is told, and with it all its runs."""
        self._process.kill()

    def ended(self) -> Mapping[str, int]:
        """Return the wait status of each run that has ended since the last time.

        When the server itself has died, all its runs have been killed with it.
        """
        self._keep_going()
        self._receive(socket.MSG_DONTWAIT)
        if not self.is_alive:
            self._ended.update(dict.fromkeys(self._running, int(signal.SIGKILL)))
        ended, self._ended = self._ended, {}
        self._running -= ended.keys()
        return ended

    def _keep_going(self) -> None:
        """Have the server go on where a notebook has stopped it: others need it."""
        with contextlib.suppress(ChildProcessError):  # it has died: nothing can be done
            if os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOHANG):
                self._process.send_signal(signal.SIGCONT)

    def has_ipykernel(self) -> bool:
        """Return whether this Python can be a kernel, once that is known."""
        return self.is_up() and bool(self._has_ipykernel)

    def is_up(self) -> bool:
        """Return whether the server does its work, once that is known."""
        while self.is_alive and self._has_ipykernel is None:
            self._receive(0)
        return self.is_alive

    def fileno(self) -> int | None:
        """Return what becomes readable when a run has ended."""
        return self._control.fileno() if self.is_alive else None

    def close(self) -> None:
        """End everything: the server ends its runs when this side of the socket goes."""
        if not self._running:
            self._process.kill()  # nothing is left for it to do, and ending takes Python a while
        self._control.close()
        self.is_alive = False
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _say(self, request: Mapping[str, Any]) -> None:
        try:
            self._control.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            self.is_alive = False

    def _receive(self, flags: int) -> None:
        try:
            data = self._control.recv(1 << 16, flags) if self.is_alive else b""
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.is_alive = False
        *lines, self._pending = (self._pending + data).split(b"\n")
        for event in map(json.loads, lines):
            if "exited" in event:
                self._ended[event["exited"]] = event["status"]
            else:
                self._has_ipykernel = event["ipykernel"]


class ProcessLauncher:
    """Each runner a program of its own: slower, for where a kernel cannot be forked."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self.python = python
        self.environment = environment
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stop_at: dict[str, float] = {}

    def start(self, run_id: str, spec: Mapping[str, Any]) -> None:
        """Start a runner."""
        folder = Path(spec["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "spec.json"
        path.write_text(json.dumps(dict(spec)))
        with (folder / "runner.log").open("wb") as log:
            self._processes[run_id] = subprocess.Popen(
                [self.python, str(RUNNER), str(path), str(os.getpid())],
                env={**self.environment, **spec["env"]},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, run_id: str) -> None:
        """Have a runner end its notebook, or be killed after a few seconds."""
        if run_id in self._processes:
            self._processes[run_id].terminate()
            self._stop_at.setdefault(run_id, time.monotonic() + 5)

    def kill(self, run_id: str) -> None:
        """Kill a runner that did not stop."""
        if run_id in self._processes:
            self._processes[run_id].kill()

    def ended(self) -> Mapping[str, int]:
        """Return the wait status of each run that has ended since the last time."""
        for run_id, moment in self._stop_at.items():
            if time.monotonic() > moment:
                self._processes[run_id].kill()
        codes = {run_id: process.poll() for run_id, process in self._processes.items()}
        ended = {run_id: code for run_id, code in codes.items() if code is not None}
        for run_id in ended:
            del self._processes[run_id]
            self._stop_at.pop(run_id, None)
        return {run_id: -code if code < 0 else code << 8 for run_id, code in ended.items()}

    def fileno(self) -> int | None:
        """Return None: one has to look."""
        return None

    def close(self) -> None:
        """End everything."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()
        self._processes.clear()


def how_it_ended(status: int) -> str:
    """Return in words what a wait status says."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        known = number in set(signal.Signals)
        return f"killed by {signal.Signals(number).name if known else number}"
    return f"exit status {os.WEXITSTATUS(status)}"
