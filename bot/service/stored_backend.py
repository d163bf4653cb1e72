"""A backend that only writes down what is wanted, and reads what has become of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from bot.backends.base import Observation
from bot.model import Outcome, Run, RunResult, RunState
from bot.service.codec import observation_from, result_from
from bot.service.tables import runs


class StoredBackend:
    """The runs of one review in the database, as part of one transaction.

    Who runs notebooks takes what is queued there, and notes what happens.
    """

    def __init__(self, connection: Connection, review_id: int) -> None:
        self._connection = connection
        self._of_review = runs.c.review_id == review_id

    def submit(self, run: Run) -> None:
        """Have *run* wait for somebody who runs it."""
        self._connection.execute(
            update(runs)
            .where(runs.c.run_id == run.run_id, self._of_review, runs.c.state == "planned")
            .values(state="queued", queued_at=func.now())
        )

    def poll(self, run_ids: Iterable[str]) -> Mapping[str, Observation]:
        """Return what was last noted of each of the runs."""
        wanted = select(runs.c.run_id, runs.c.state, runs.c.observation).where(
            self._of_review, runs.c.run_id.in_(list(run_ids))
        )
        return {
            run_id: _observation(state, observation)
            for run_id, state, observation in self._connection.execute(wanted)
        }

    def cancel(self, run_id: str) -> None:
        """Have a run ended by who has taken it, at once where nobody has."""
        of_run = (runs.c.run_id == run_id, self._of_review)
        ended = update(runs).where(*of_run, runs.c.state.in_(["planned", "queued"]))
        self._connection.execute(ended.values(state="ended", ended_at=func.now()))
        wanted = update(runs).where(*of_run, runs.c.state == "taken")
        self._connection.execute(wanted.values(cancel_requested=True))

    def collect(self, run_id: str, folder: Path) -> RunResult:
        """Return how a run ended; what it left is in the report's folder already."""
        wanted = select(runs.c.result).where(runs.c.run_id == run_id, self._of_review)
        result = self._connection.execute(wanted).scalar_one()
        if not result:
            return RunResult(outcome=Outcome.CANCELLED, message="it was not started")
        return result_from(result)

    def wait(self, seconds: float) -> None:
        """Return at once: nobody waits for notebooks here."""

    def close(self) -> None:
        """Leave everything as it is."""


def _observation(state: str, text: str) -> Observation:
    if state == "ended":
        return Observation(state=RunState.ENDED)
    if not text:
        return Observation(state=RunState.SUBMITTED)
    return observation_from(text)
