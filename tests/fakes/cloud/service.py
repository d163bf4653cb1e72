"""The service: runs by their id, begun once however often they are asked for."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

RUNNING, ENDED = "running", "ended"


@dataclass
class CloudRun:
    notebook: str
    begun: float
    events: dict[str, str] | None
    files: int
    outcome: str | None = None


@dataclass
class Cloud:
    """Ends each run by itself after `seconds`, None for never; `failing` notebooks do not pass."""

    seconds: float | None = 0.2
    failing: frozenset[str] = frozenset()
    runs: dict[str, CloudRun] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    # The run ids for which something was begun, one entry for each time.
    begun: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"cloud": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def finish(self, run_id: str, outcome: str = "passed") -> None:
        with self._lock:
            self.runs[run_id].outcome = outcome

    def begin(self, run_id: str, wanted: dict[str, Any]) -> bool:
        with self._lock:
            if run_id in self.runs:
                return False
            self.begun.append(run_id)
            self.runs[run_id] = CloudRun(
                wanted["notebook"], time.monotonic(), wanted["events"], wanted["files"]
            )
            return True

    def cancel(self, run_id: str) -> None:
        with self._lock:
            run = self.runs.get(run_id)
            if run and self._outcome(run) is None:
                run.outcome = "cancelled"

    def outcome(self, run_id: str) -> str | None:
        with self._lock:
            return self._outcome(self.runs[run_id])

    def state(self, run_id: str) -> str | None:
        with self._lock:
            run = self.runs.get(run_id)
            return run and (ENDED if self._outcome(run) else RUNNING)

    def _outcome(self, run: CloudRun) -> str | None:
        is_due = self.seconds is not None and time.monotonic() - run.begun > self.seconds
        if run.outcome is None and is_due:
            run.outcome = "failed" if run.notebook in self.failing else "passed"
        return run.outcome


class _Handler(BaseHTTPRequestHandler):
    cloud: Cloud
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        made = self.cloud.begin(self._run_id, self._body())
        self._answer("submit", 201 if made else 200, {})

    def do_POST(self) -> None:
        if self.path == "/query":
            states = {run_id: self.cloud.state(run_id) for run_id in self._body()}
            self._answer("poll", 200, {run_id: state for run_id, state in states.items() if state})
        else:
            self._body()
            self.cloud.cancel(self._run_id)
            self._answer("cancel", 200, {})

    def do_GET(self) -> None:
        self._answer("collect", 200, {"outcome": self.cloud.outcome(self._run_id)})

    @property
    def _run_id(self) -> str:
        return self.path.split("/")[2]

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")

    def _answer(self, kind: str, status: int, body: Any) -> None:
        self.cloud.requests[kind] += 1
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass
