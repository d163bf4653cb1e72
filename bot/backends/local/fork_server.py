"""A process of the user's Python that has imported ipykernel and forks a runner for each run.

    python -c BOOTSTRAP FORK_SERVER.py RUNNER.py CONTROL_FD [MODULE...]

Python 3.9 and the standard library, like the runner: this runs in the user's environment. It talks
over a socket in lines of JSON. It is asked `{"run": ID, "spec": SPEC}` and `{"stop": ID}`; it says
`{"ipykernel": BOOL}` once, and `{"exited": ID, "status": WAIT_STATUS}` for each run. When the other
end of the socket closes, every run ends and so does the server.

Each runner adopts what its notebook leaves behind and kills it at the end. This server adopts what
a killed runner leaves behind.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, Callable

STOP_GRACE = 5.0
# What a kernel of ipykernel imports when it starts, before it is asked anything.
IMPORTED_AT_START = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "faulthandler",
    "pydoc",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
    "zmq.eventloop.zmqstream",
)


class ForkServer:
    """Forks runners, and says how they ended."""

    def __init__(self, control: socket.socket, runner: Any) -> None:
        self.control = control
        self.runner = runner
        self.runs: dict[int, str] = {}
        self.stop_at: dict[int, float] = {}
        self.wake, wake_end = os.pipe()
        for end in (self.wake, wake_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.pending = b""

    def say(self, **event: Any) -> None:
        """Tell the other end; without effect when it has gone."""
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps(event).encode() + b"\n")

    def serve(self) -> Callable[[], None] | None:
        """Do what is asked until the other end goes; a forked process returns what it has to do."""
        while True:
            timeout = 0.2 if self.stop_at else None
            control = self.control.fileno()
            readable, _, _ = select.select([control, self.wake], [], [], timeout)
            if self.wake in readable:
                os.read(self.wake, 1000)
            self._bury()
            self._kill_overdue()
            if control in readable:
                requests = self._requests()
                if requests is None:
                    self._end_all()
                    return None
                for request in requests:
                    become = self._act(request)
                    if become:
                        return become

    def _requests(self) -> list[dict[str, Any]] | None:
        try:
            data = self.control.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            return None
        *lines, self.pending = (self.pending + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def _act(self, request: dict[str, Any]) -> Callable[[], None] | None:
        if "stop" in request:
            for pid, run in self.runs.items():
                if run == request["stop"]:
                    os.kill(pid, signal.SIGTERM)
                    self.stop_at.setdefault(pid, time.monotonic() + STOP_GRACE)
            return None
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.runs[pid] = request["run"]
            return None
        return self._in_runner(parent, request["spec"])

    def _in_runner(self, parent: int, spec: dict[str, Any]) -> Callable[[], None]:
        """Execute a notebook in this, a forked process, and leave; return only in its kernel."""
        become: Callable[[], None] | None = None
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.setsid()
            self.runner.die_with_parent(parent, signal.SIGTERM)
            self.control.close()
            os.makedirs(spec["folder"], exist_ok=True)
            log = os.open(
                os.path.join(spec["folder"], self.runner.LOG),
                os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                0o644,
            )
            os.dup2(log, 1)
            os.dup2(log, 2)
            become = self.runner.run(self.runner.Spec(**spec))
        except BaseException:  # noqa: BLE001 - this is the process's outermost frame
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        if become is None:
            os._exit(0)
        return become

    def _bury(self) -> None:
        """Say which runs have ended, with nothing left of them."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                run = self.runs.pop(pid, None)
                self.stop_at.pop(pid, None)
                if run is not None:
                    if status:
                        self._kill_orphans()
                    self.say(exited=run, status=status)

    def _kill_orphans(self) -> None:
        self.runner.kill_all(self._orphans)

    def _orphans(self) -> list[int]:
        family = set(self.runner.descendants(os.getpid()))
        for pid in list(self.runs):
            family -= {pid, *self.runner.descendants(pid)}
        return sorted(family)

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for pid, moment in self.stop_at.items():
            if now > moment:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _end_all(self) -> None:
        for pid in self.runs:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE
        while self.runs and time.monotonic() < deadline:
            select.select([self.wake], [], [], 0.1)
            self._bury()
        self.runner.kill_all(lambda: self.runner.descendants(os.getpid()))


def load_runner(path: str) -> Any:
    """Return the runner's module, without its folder coming onto the path of imports."""
    spec = importlib.util.spec_from_file_location("nbci_runner", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["nbci_runner"] = module
    spec.loader.exec_module(module)
    return module


def main(runner_path: str, control_fd: str, *preload: str) -> None:
    """Serve the socket with the number *control_fd*; *preload* modules are imported first."""
    gc.disable()
    runner = load_runner(runner_path)
    control = socket.socket(fileno=int(control_fd))
    control.set_inheritable(False)
    runner.adopt_orphans()
    has_ipykernel = importlib.util.find_spec("ipykernel") is not None
    if has_ipykernel:
        runner.import_ipykernel()
        for name in (*IMPORTED_AT_START, *preload):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    # What was imported stays: looking through it again and again would only unshare its memory.
    gc.freeze()
    gc.enable()
    server = ForkServer(control, runner)
    server.say(ipykernel=has_ipykernel)
    become = server.serve()
    if become:
        sys.modules.pop("nbci_runner", None)
        sys.modules.pop("nbci_fork_server", None)
        become()
