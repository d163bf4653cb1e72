"""What those who run notebooks note of them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, select, update

from bot.backends.base import Observation
from bot.model import RunResult, RunState
from bot.service import jobs
from bot.service.codec import observation_from, observation_text, result_text
from bot.service.database import defer_in
from bot.service.tables import runs


def note_observations(connection: Connection, seen: Iterable[tuple[str, int, Observation]]) -> None:
    """Note how far runs have come, given with their ids and generations, in one transaction.

    One that somebody else has taken meanwhile is passed over, and one that has told more itself
    than its backend knows. Each review is moved on once.
    """
    changed = {_observed(connection, *one) for one in seen}
    for review_id in sorted(one for one in changed if one is not None):
        defer_in(connection, jobs.advance(review_id))


def _observed(
    connection: Connection, run_id: str, generation: int, observation: Observation
) -> int | None:
    """Return the review of a run for which something was noted."""
    of_run = (runs.c.run_id == run_id, runs.c.generation == generation)
    known = select(runs.c.observation).where(*of_run).with_for_update()
    text = connection.execute(known).scalar_one_or_none()
    if text and _is_ahead(observation_from(text), observation):
        return None
    return _note(connection, run_id, generation, observation=observation_text(observation))


def note_result(connection: Connection, run_id: str, generation: int, result: RunResult) -> bool:
    """Note how a run ended; return whether it was still run by who took it last."""
    ended = {
        "state": "ended",
        "result": result_text(result),
        "observation": observation_text(Observation(state=RunState.ENDED)),
        "ended_at": func.now(),
        "taken_until": None,
    }
    review_id = _note(connection, run_id, generation, **ended)
    if review_id is None:
        return False
    defer_in(connection, jobs.advance(review_id))
    return True


def _is_ahead(known: Observation, told: Observation) -> bool:
    done, of = known.progress.cells_done, told.progress.cells_done
    return known.state is told.state and done > of


def _note(connection: Connection, run_id: str, generation: int, **values: object) -> int | None:
    """Return the review of the run, None where it is run by somebody else now."""
    noted = (
        update(runs)
        .where(runs.c.run_id == run_id, runs.c.generation == generation, runs.c.state == "taken")
        .values(values)
        .returning(runs.c.review_id)
    )
    return connection.execute(noted).scalar_one_or_none()
