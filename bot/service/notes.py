"""What those who run notebooks note of them."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from bot.backends.base import Observation
from bot.model import RunResult, RunState
from bot.service import jobs
from bot.service.codec import observation_from, observation_text, result_text
from bot.service.database import defer_in
from bot.service.tables import runs


def note_observation(
    connection: Connection, run_id: str, generation: int, observation: Observation
) -> bool:
    """Note how far a run has come; return whether it is still run by who took it last.

    A run may have told more itself than its backend knows: that stays.
    """
    of_run = (runs.c.run_id == run_id, runs.c.generation == generation)
    known = select(runs.c.observation).where(*of_run).with_for_update()
    text = connection.execute(known).scalar_one_or_none()
    if text and _is_ahead(observation_from(text), observation):
        return True
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
    return _note(connection, run_id, generation, **ended)


def _is_ahead(known: Observation, told: Observation) -> bool:
    done, of = known.progress.cells_done, told.progress.cells_done
    return known.state is told.state and done > of


def _note(connection: Connection, run_id: str, generation: int, **values: object) -> bool:
    noted = (
        update(runs)
        .where(runs.c.run_id == run_id, runs.c.generation == generation, runs.c.state == "taken")
        .values(values)
        .returning(runs.c.review_id)
    )
    review_id = connection.execute(noted).scalar_one_or_none()
    if review_id is None:
        return False
    defer_in(connection, jobs.advance(review_id))
    return True
