"""The way to the service, as the bot's Compute."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.backends.base import Observation
from bot.errors import BackendError
from bot.model import CellError, Outcome, RunResult, RunState
from bot.service.compute import Work

_STATES = {"running": RunState.RUNNING, "ended": RunState.ENDED}


class CloudCompute:
    """Runs on the service at *url*; with *exports*, each run's files are made and counted."""

    def __init__(self, url: str, *, exports: bool = True) -> None:
        self._host = urlsplit(url).netloc
        self._exports = exports

    def submit(self, work: Work) -> None:
        events = work.events and {"url": work.events.url, "token": work.events.token}
        wanted = {"notebook": work.run.notebook, "events": events, "files": self._count(work)}
        self._ask("PUT", f"/runs/{work.run.run_id}", wanted)

    def poll(self, run_ids: Iterable[str]) -> Mapping[str, Observation]:
        answer = self._ask("POST", "/query", list(run_ids))
        return {run_id: Observation(state=_STATES[state]) for run_id, state in answer.items()}

    def cancel(self, run_id: str) -> None:
        self._ask("POST", f"/runs/{run_id}/cancel", None)

    def collect(self, run_id: str, folder: Path) -> RunResult:
        outcome = Outcome(self._ask("GET", f"/runs/{run_id}", None)["outcome"])
        if outcome is not Outcome.FAILED:
            return RunResult(outcome=outcome, seconds=1.0, cells_done=1, cells_total=1)
        error = CellError(number=1, ename="ValueError", evalue="wrong", cell_line=1, line=1)
        return RunResult(outcome=outcome, message="ValueError: wrong", failing_cell=error)

    def _count(self, work: Work) -> int:
        if not self._exports:
            return 0
        with tempfile.TemporaryDirectory() as folder:
            work.export(Path(folder))
            return sum(1 for path in Path(folder).rglob("*") if path.is_file())

    def _ask(self, method: str, path: str, body: Any) -> Any:
        connection = http.client.HTTPConnection(self._host, timeout=10)
        try:
            connection.request(method, path, json.dumps(body))
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise BackendError(f"the cloud does not answer: {error}") from error
        finally:
            connection.close()
