"""This machine as the place where notebooks run, for all reviews that there are."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bot.model import Outcome, RunResult, RunState
from bot.service.admission import Limits, admit, hand_back, keep
from bot.service.bench import Bench, Export, MakeBackend, runs_of
from bot.service.database import Database
from bot.service.notes import note_observations, note_result
from bot.service.pool import DatabaseAway

_log = logging.getLogger(__name__)

BACKEND = "local"
_IDLE = 0.5
_BUSY = 0.2
_SECONDS_BETWEEN_NOTES = 1.0

_Key = tuple[int, int]
"""A review and a generation: a run that comes back to us is not the one that we had before."""


@dataclass
class Machine:
    """Takes runs that wait in the database, *jobs* at a time, and notes how they go.

    `owner` names this worker. What it has taken is given to others once it shows no sign of life
    for `patience` seconds: then what it still runs is ended and forgotten.
    """

    database: Database
    owner: str
    jobs: int
    limits: Limits
    patience: float
    scratch: Path
    reports: Path
    export: Export
    make: MakeBackend
    _benches: dict[_Key, Bench] = field(default_factory=dict)
    _noted: dict[str, float] = field(default_factory=dict)
    _kept: float = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Run notebooks until *stop* is set; then end those that run, and hand them back."""
        with ThreadPoolExecutor(2, thread_name_prefix="export") as pool:
            while not stop.is_set():
                try:
                    self._step(pool)
                except DatabaseAway as error:
                    _log.warning("the database is away, notebooks go on: %s", error)
                    stop.wait(_IDLE)
                self._wait(stop)
            self._close()

    def _step(self, pool: ThreadPoolExecutor) -> None:
        self._keep()
        for bench in list(self._benches.values()):
            self._note(bench)
        free = self.jobs - runs_of(self._benches)
        if free > 0:
            self._begin(free, pool)
        for key in [key for key, bench in self._benches.items() if not bench.number]:
            self._benches.pop(key).close()

    def _keep(self) -> None:
        """Show a sign of life in time, and hear which runs are to end or not ours any more."""
        if time.monotonic() - self._kept < min(self.patience / 4, 1.0):
            return
        with self.database.begin() as connection:
            ours = keep(connection, self.owner, self.patience)
            here = {run_id for bench in self._benches.values() for run_id in bench.run_ids}
            # Taken by a transaction of which we have not heard that it was committed.
            hand_back(connection, self.owner, ours.keys() - here)
        self._kept = time.monotonic()
        for bench in self._benches.values():
            for run_id in bench.run_ids:
                if run_id not in ours:
                    _log.warning("run %s was given to somebody else", run_id)
                    bench.drop(run_id)
                elif ours[run_id]:
                    bench.cancel(run_id)

    def _begin(self, free: int, pool: ThreadPoolExecutor) -> None:
        with self.database.begin() as connection:
            taken = admit(
                connection, BACKEND, self.owner, self.limits, most=free, seconds=self.patience
            )
        for admitted in taken:
            key = (admitted.review_id, admitted.generation)
            bench = self._benches.get(key)
            if bench is None:
                bench = Bench(admitted, self.scratch, self.export, self.make, pool)
                self._benches[key] = bench
            bench.begin(admitted)

    def _note(self, bench: Bench) -> None:
        for run_id, seen in bench.changed().items():
            if seen.state is RunState.ENDED:
                self._note_end(bench, run_id)
            elif time.monotonic() - self._noted.get(run_id, 0.0) >= _SECONDS_BETWEEN_NOTES:
                self._noted[run_id] = time.monotonic()
                with self.database.begin() as connection:
                    note_observations(connection, [(run_id, bench.generation(run_id), seen)])

    def _note_end(self, bench: Bench, run_id: str) -> None:
        try:
            result = bench.result(run_id, self.reports)
        except Exception:  # noqa: BLE001 - or the same run would end one worker after another
            _log.exception("the result of run %s cannot be collected", run_id)
            message = "nbci itself has failed to collect its result"
            result = RunResult(outcome=Outcome.LOST, message=message)
        with self.database.begin() as connection:
            if not note_result(connection, run_id, bench.generation(run_id), result):
                _log.warning("run %s has ended, but was given to somebody else", run_id)
        bench.take_away(run_id)
        self._noted.pop(run_id, None)

    def _wait(self, stop: threading.Event) -> None:
        running = [bench for bench in self._benches.values() if bench.is_running]
        if len(running) == 1:
            running[0].wait(_BUSY)
        else:
            stop.wait(_BUSY if self._benches else _IDLE)

    def _close(self) -> None:
        for bench in self._benches.values():
            bench.close()
        try:
            with self.database.begin() as connection:
                hand_back(connection, self.owner)
        except DatabaseAway as error:
            _log.warning("the runs of this worker are not handed back: %s", error)
