"""The way from the runs in the database to a service where they run, and back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from bot.backends.base import Observation
from bot.errors import BackendError, NbciError
from bot.model import Outcome, RunResult, RunState
from bot.service.admission import Admitted, Limits, admit
from bot.service.codec import request_from, run_from
from bot.service.compute import Compute, Events, Work
from bot.service.database import Database
from bot.service.leases import take_lease
from bot.service.notes import note_observations, note_result
from bot.service.pool import DatabaseAway
from bot.service.run_tokens import new_token
from bot.service.tables import reviews, runs

_log = logging.getLogger(__name__)

_QUICK = 1.0
_SLOW = 15.0
"""Seconds between looks at the service: more and more while nothing changes."""

_BATCH = 100
_MOST_FAILURES = 10

_GRACE = 3600.0
"""Seconds beyond its own limit after which a run is given up that the service never ends."""


@dataclass
class _Taken:
    admitted: Admitted
    is_submitted: bool
    seen: Observation | None = None
    is_cancelled: bool = False
    failures: int = 0


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
    _taken: dict[str, _Taken] = field(default_factory=dict)
    _interval: float = _QUICK
    _is_ours: bool = False
    _leased: float = 0.0

    def run(self, stop: threading.Event) -> None:
        """Look at the service until *stop* is set."""
        while not stop.is_set():
            try:
                self._turn(stop)
            except (DatabaseAway, BackendError) as error:
                _log.warning("%s: %s", self.backend, error)
            stop.wait(self._interval)

    def _turn(self, stop: threading.Event) -> None:
        if not self._has_lease():
            self._is_ours = False
            self._interval = _QUICK
            return
        if not self._is_ours:
            self._taken = self._known()
            self._is_ours = True
        has_changed = self._submit(stop)
        self._cancel()
        has_changed |= self._look()
        self._interval = _QUICK if has_changed else min(self._interval * 1.5, _SLOW)

    def _has_lease(self) -> bool:
        with self.database.begin() as connection:
            name = f"driver {self.backend}"
            has = take_lease(connection, name, self.owner, self.patience + self._interval)
        self._leased = time.monotonic()
        return has

    def _still_has_lease(self) -> bool:
        """Return whether to go on, asked of the database once in a while."""
        return time.monotonic() - self._leased < self.patience / 4 or self._has_lease()

    def _known(self) -> dict[str, _Taken]:
        """Return what an earlier holder of the lease has taken."""
        with self.database.begin() as connection:
            return {taken.admitted.run.run_id: taken for taken in _open(connection, self.backend)}

    def _submit(self, stop: threading.Event) -> bool:
        """Submit what may run, and what an interrupted call may have left; return if there was."""
        has_submitted = False
        while not stop.is_set():
            with self.database.begin() as connection:
                new = admit(
                    connection, self.backend, self.owner, self.limits, most=_BATCH, seconds=0
                )
            self._taken |= {one.run.run_id: _Taken(one, is_submitted=False) for one in new}
            waiting = [taken for taken in self._taken.values() if not taken.is_submitted]
            if not waiting or not self._submit_all(waiting[:_BATCH], stop):
                return has_submitted
            has_submitted = True
        return has_submitted

    def _submit_all(self, batch: list[_Taken], stop: threading.Event) -> bool:
        """Submit runs, and note that they were; return whether to go on.

        What was submitted and not noted is submitted again, which begins nothing anew.
        """
        events = self._events(batch)
        submitted = []
        for taken in batch:
            if stop.is_set() or not self._still_has_lease():
                break
            if self._submit_one(taken, events.get(taken.admitted.run.run_id)):
                submitted.append(taken)
        with self.database.begin() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.run_id.in_([taken.admitted.run.run_id for taken in submitted]))
                .values(submitted_at=func.now())
            )
        for taken in submitted:
            taken.is_submitted = True
        if any(taken.failures for taken in batch if not taken.is_submitted):
            return False
        return not stop.is_set() and self._still_has_lease()

    def _submit_one(self, taken: _Taken, events: Events | None) -> bool:
        """Return whether a run was submitted; one that cannot be has ended.

        A service that cannot be used now is asked again at the next turn, a few times.
        """
        admitted = taken.admitted
        work = Work(
            run=admitted.run,
            request=admitted.request,
            export=lambda folder: self.export(admitted, folder),
            events=events,
        )
        try:
            self.compute.submit(work)
        except DatabaseAway:
            raise
        except BackendError as error:
            taken.failures += 1
            _log.warning("run %s cannot be submitted: %s", admitted.run.run_id, error)
            if taken.failures >= _MOST_FAILURES:
                self._note_result(taken, RunResult(outcome=Outcome.LOST, message=str(error)))
            return False
        except NbciError as error:
            self._note_result(taken, RunResult(outcome=Outcome.LOST, message=str(error)))
            return False
        return True

    def _events(self, batch: list[_Taken]) -> dict[str, Events]:
        """Return where runs may tell how far they are; an earlier token of theirs is void then."""
        if self.events is None:
            return {}
        made = {}
        with self.database.begin() as connection:
            for taken in batch:
                run, token = taken.admitted.run, new_token()
                until = self.clock() + run.options.timeout + _GRACE
                connection.execute(
                    update(runs)
                    .where(
                        runs.c.run_id == run.run_id,
                        runs.c.generation == taken.admitted.generation,
                    )
                    .values(token_hash=token.hash, token_until=func.to_timestamp(until))
                )
                made[run.run_id] = Events(url=self.events(run.run_id), token=token.text)
        return made

    def _cancel(self) -> None:
        wanted = select(runs.c.run_id).where(
            runs.c.backend == self.backend, runs.c.state == "taken", runs.c.cancel_requested
        )
        with self.database.begin() as connection:
            requested = list(connection.execute(wanted).scalars())
        for run_id in requested:
            taken = self._taken.get(run_id)
            if taken is not None and not taken.is_cancelled:
                self.compute.cancel(run_id)
                taken.is_cancelled = True

    def _look(self) -> bool:
        """Note what the service says of all runs, asked at once; return whether anything is new."""
        submitted = [run_id for run_id, taken in self._taken.items() if taken.is_submitted]
        said = self.compute.poll(submitted) if submitted else {}
        news = [
            (self._taken[run_id], seen)
            for run_id, seen in said.items()
            if seen != self._taken[run_id].seen
        ]
        for first in range(0, len(news), _BATCH):
            self._note(news[first : first + _BATCH])
        return bool(news)

    def _note(self, news: list[tuple[_Taken, Observation]]) -> None:
        with self.database.begin() as connection:
            note_observations(
                connection,
                [
                    (taken.admitted.run.run_id, taken.admitted.generation, seen)
                    for taken, seen in news
                    if seen.state is not RunState.ENDED
                ],
            )
        for taken, seen in news:
            if seen.state is not RunState.ENDED:
                taken.seen = seen
                continue
            folder = self.reports / taken.admitted.page_key
            result = self.compute.collect(taken.admitted.run.run_id, folder)
            self._note_result(taken, result)

    def _note_result(self, taken: _Taken, result: RunResult) -> None:
        run_id = taken.admitted.run.run_id
        with self.database.begin() as connection:
            note_result(connection, run_id, taken.admitted.generation, result)
        del self._taken[run_id]


def give_up_overdue(connection: Connection) -> list[str]:
    """End the runs that a service had for longer than any run may take, and return them."""
    rows = connection.execute(
        select(runs.c.run_id, runs.c.generation, runs.c.value, runs.c.taken_at).where(
            runs.c.state == "taken",
            runs.c.taken_until.is_(None),
            runs.c.taken_at < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, _GRACE),
        )
    ).all()
    now = connection.execute(select(func.now())).scalar_one()
    ended = []
    for row in rows:
        limit = run_from(row.value).options.timeout + _GRACE
        if (now - row.taken_at).total_seconds() > limit:
            message = "nothing was heard of it for an hour beyond the time that it may take"
            result = RunResult(outcome=Outcome.LOST, message=message)
            note_result(connection, row.run_id, row.generation, result)
            ended.append(row.run_id)
    return ended


def _open(connection: Connection, backend: str) -> list[_Taken]:
    wanted = (
        select(
            runs.c.run_id,
            runs.c.value,
            runs.c.generation,
            runs.c.review_id,
            runs.c.repository_id,
            runs.c.submitted_at,
            reviews.c.page_key,
            reviews.c.value.label("review"),
        )
        .join_from(runs, reviews, runs.c.review_id == reviews.c.id)
        .where(runs.c.backend == backend, runs.c.state == "taken")
    )
    return [
        _Taken(
            Admitted(
                run=run_from(row.value),
                generation=row.generation,
                review_id=row.review_id,
                repository_id=row.repository_id,
                page_key=row.page_key,
                request=request_from(row.review),
            ),
            is_submitted=row.submitted_at is not None,
        )
        for row in connection.execute(wanted)
    ]
