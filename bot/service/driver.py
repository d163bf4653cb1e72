"""The way from the runs in the database to a service where they run, and back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import func, select, update

from bot.backends.base import Observation
from bot.errors import BackendError, NbciError, TryLater, Unanswered, UsageError
from bot.model import Outcome, RunResult, RunState
from bot.service.admission import Admitted, Limits, admit
from bot.service.compute import Compute, Events, Work
from bot.service.database import Database
from bot.service.leases import take_lease
from bot.service.notes import note_observations, note_result
from bot.service.pool import DatabaseAway
from bot.service.tables import runs
from bot.service.taken import Taken, make_events, taken_runs

_log = logging.getLogger(__name__)

_TICK = 1.0
"""Seconds between looks into the database: for what is to be submitted, or to end."""

_QUICK = 1.0
_SLOW = 15.0
"""Seconds between looks at the service: more and more while nothing changes."""

_BATCH = 100
_MOST_FAILURES = 10

_LONGEST_SUBMITTING = 5.0
"""Seconds after which to look how the others are, however many wait to be submitted."""


class _LeaseLost(Exception):
    """Another worker drives now."""


@dataclass
class Driver:
    """Submits what waits for *backend*, and notes how it goes; one worker at a time does.

    `owner` names this worker. `events` makes the URL to which a run may tell how far it is, None
    where the bot cannot be reached.
    """

    database: Database
    backend: str
    compute: Compute
    owner: str
    limits: Limits
    patience: float
    reports: Path
    export: Callable[[Admitted, Path], None]
    events: Callable[[str], str] | None
    clock: Callable[[], float] = time.time
    _taken: dict[str, Taken] = field(default_factory=dict)
    _interval: float = _QUICK
    _look_at: float = 0.0
    _is_ours: bool = False
    _leased: float = 0.0

    def run(self, stop: threading.Event) -> None:
        """Look at the service until *stop* is set."""
        while not stop.is_set():
            try:
                self._turn(stop)
            except BackendError as error:
                _log.warning("%s: %s", self.backend, error)
            except DatabaseAway as error:
                # What was asked of it last may have been done all the same.
                _log.warning("%s: %s", self.backend, error)
                self._is_ours = False
            except _LeaseLost:
                _log.warning("%s is driven by another worker now", self.backend)
                self._is_ours = False
            stop.wait(_TICK)

    def _turn(self, stop: threading.Event) -> None:
        if self._is_ours:
            self._check_lease()
        elif self._has_lease():
            with self.database.begin() as connection:
                self._taken = taken_runs(connection, self.backend, self._taken)
            self._is_ours = True
        else:
            return
        has_acted = self._cancel()
        has_acted |= self._submit(stop)
        if has_acted or time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self._interval
            has_changed = self._look()
            slower = min(self._interval * 1.5, _SLOW)
            self._interval = _QUICK if has_acted or has_changed else slower
            self._look_at = time.monotonic() + self._interval

    def _has_lease(self) -> bool:
        began = time.monotonic()
        with self.database.begin() as connection:
            name = f"driver {self.backend}"
            has = take_lease(connection, name, self.owner, self.patience + _TICK)
        if has:
            self._leased = began
        return has

    def _check_lease(self) -> None:
        """Raise _LeaseLost where another worker drives; the database is asked once in a while."""
        if time.monotonic() - self._leased >= self.patience / 4 and not self._has_lease():
            raise _LeaseLost

    def _submit(self, stop: threading.Event) -> bool:
        """Submit what may run, and what an interrupted call may have left; return if there was."""
        has_submitted = False
        until = time.monotonic() + _LONGEST_SUBMITTING
        while not stop.is_set() and time.monotonic() < until:
            batch = self._waiting()
            if len(batch) < _BATCH:
                batch += self._admit(_BATCH - len(batch))
            submitted = self._submit_all(batch, stop) if batch else 0
            has_submitted |= submitted > 0
            if not batch or submitted < len(batch):
                break
        return has_submitted

    def _waiting(self) -> list[Taken]:
        now = self.clock()
        return [
            taken
            for taken in self._taken.values()
            if not taken.is_submitted and taken.not_before <= now
        ][:_BATCH]

    def _admit(self, most: int) -> list[Taken]:
        """Take what may run now."""
        with self.database.begin() as connection:
            new = admit(connection, self.backend, self.owner, self.limits, most=most, seconds=0)
        made = [Taken(one, is_submitted=False) for one in new]
        self._taken |= {taken.run_id: taken for taken in made}
        return made

    def _submit_all(self, batch: list[Taken], stop: threading.Event) -> int:
        """Submit runs, and note that they were; return how many.

        What was submitted and not noted is submitted again, which begins nothing anew.
        """
        events: dict[str, Events] = {}
        if self.events is not None:
            with self.database.begin() as connection:
                events = make_events(connection, batch, self.events, self.clock())
        submitted = []
        for taken in batch:
            if stop.is_set():
                break
            self._check_lease()
            if self._attempt(taken, partial(self._submit_one, taken, events.get(taken.run_id))):
                submitted.append(taken)
        with self.database.begin() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.run_id.in_([taken.run_id for taken in submitted]))
                .values(submitted_at=func.now())
            )
        for taken in submitted:
            taken.is_submitted = True
        return len(submitted)

    def _submit_one(self, taken: Taken, events: Events | None) -> None:
        admitted = taken.admitted
        work = Work(
            run=admitted.run,
            request=admitted.request,
            export=lambda folder: self.export(admitted, folder),
            events=events,
        )
        self.compute.submit(work)

    def _attempt(self, taken: Taken, act: Callable[[], None]) -> bool:
        """Return whether *act* was done for a run: else it is put off, or the run has ended.

        A service that cannot be used now is asked again, and so is GitHub. One run's fault hurts no
        other.
        """
        try:
            act()
        except (DatabaseAway, _LeaseLost):
            raise
        except TryLater as error:
            taken.not_before = error.at
        except (BackendError, Unanswered, UsageError) as error:
            self._put_off(taken, str(error))
        except NbciError as error:
            self._note_result(taken, RunResult(outcome=Outcome.LOST, message=str(error)))
        except Exception:  # noqa: BLE001 - or the same run would end one worker after another
            _log.exception("run %s: internal error", taken.run_id)
            self._put_off(taken, "nbci itself has failed to hand it over, or to collect its result")
        else:
            taken.failures = 0
            return True
        return False

    def _put_off(self, taken: Taken, why: str) -> None:
        """Leave a run alone for a while; after so many failures it has ended."""
        taken.put_off(self.clock())
        _log.warning("run %s waits after failure %s: %s", taken.run_id, taken.failures, why)
        if taken.failures >= _MOST_FAILURES:
            self._note_result(taken, RunResult(outcome=Outcome.LOST, message=why))

    def _cancel(self) -> bool:
        """Have the service end what is to end; return whether there was anything."""
        wanted = select(runs.c.run_id).where(
            runs.c.backend == self.backend, runs.c.state == "taken", runs.c.cancel_requested
        )
        with self.database.begin() as connection:
            requested = list(connection.execute(wanted).scalars())
        now = self.clock()
        open_ones = [self._taken[run_id] for run_id in requested if run_id in self._taken]
        due = [one for one in open_ones if not one.is_cancelled and one.not_before <= now]
        for taken in due:
            self._check_lease()
            if not self._attempt(taken, partial(self._cancel_one, taken)):
                break
        return bool(due)

    def _cancel_one(self, taken: Taken) -> None:
        """Have the service end a run; one that has never got there has ended at once."""
        if not taken.is_submitted and not self.compute.poll([taken.run_id]):
            result = RunResult(outcome=Outcome.CANCELLED, message="it was not started")
            self._note_result(taken, result)
            return
        self.compute.cancel(taken.run_id)
        taken.is_submitted = taken.is_cancelled = True

    def _look(self) -> bool:
        """Note what the service says of all runs, asked at once; return whether anything is new."""
        submitted = [run_id for run_id, taken in self._taken.items() if taken.is_submitted]
        said = self.compute.poll(submitted) if submitted else {}
        now = self.clock()
        news = [
            (self._taken[run_id], seen)
            for run_id, seen in said.items()
            if seen != self._taken[run_id].seen and self._taken[run_id].not_before <= now
        ]
        for first in range(0, len(news), _BATCH):
            self._note(news[first : first + _BATCH])
        return bool(news)

    def _note(self, news: list[tuple[Taken, Observation]]) -> None:
        with self.database.begin() as connection:
            note_observations(
                connection,
                [
                    (taken.run_id, taken.admitted.generation, seen)
                    for taken, seen in news
                    if seen.state is not RunState.ENDED
                ],
            )
        for taken, seen in news:
            if seen.state is not RunState.ENDED:
                taken.seen = seen
                continue
            self._check_lease()
            self._attempt(taken, partial(self._collect, taken))

    def _collect(self, taken: Taken) -> None:
        folder = self.reports / taken.admitted.page_key
        self._note_result(taken, self.compute.collect(taken.run_id, folder))

    def _note_result(self, taken: Taken, result: RunResult) -> None:
        with self.database.begin() as connection:
            note_result(connection, taken.run_id, taken.admitted.generation, result)
        del self._taken[taken.run_id]
