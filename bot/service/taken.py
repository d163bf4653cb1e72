"""The runs that a service has, as whoever looks after them knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from bot.backends.base import Observation
from bot.model import Outcome, RunResult
from bot.service.admission import Admitted, admitted_from
from bot.service.codec import run_from
from bot.service.compute import Events
from bot.service.notes import note_result
from bot.service.run_tokens import new_token
from bot.service.tables import reviews, runs

GRACE = 3600.0
"""Seconds beyond its own limit after which a run is given up that the service never ends."""

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


@dataclass
class Taken:
    """A run that is the service's, or is to be: `is_submitted` is known of, and what was seen last.

    What fails for it is not tried again before `not_before`.
    """

    admitted: Admitted
    is_submitted: bool
    seen: Observation | None = None
    is_cancelled: bool = False
    failures: int = 0
    not_before: float = 0.0

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.admitted.run.run_id

    def put_off(self, now: float) -> None:
        """Count a failure, after which it is left alone for longer each time."""
        self.failures += 1
        self.not_before = now + min(_FIRST_PAUSE * 2 ** (self.failures - 1), _LONGEST_PAUSE)


def taken_runs(
    connection: Connection, backend: str, known: Mapping[str, Taken]
) -> dict[str, Taken]:
    """Return the runs that *backend* has, by their ids.

    What is *known* beyond what is stored is kept, of runs that were not taken anew since.
    """
    found = {taken.run_id: taken for taken in _stored(connection, backend)}
    for run_id, taken in found.items():
        before = known.get(run_id)
        if before is not None and before.admitted.generation == taken.admitted.generation:
            before.is_submitted |= taken.is_submitted
            found[run_id] = before
    return found


def make_events(
    connection: Connection, several: Iterable[Taken], url: Callable[[str], str], now: float
) -> dict[str, Events]:
    """Return where runs may tell how far they are; an earlier token of theirs is void then.

    *url* makes the address from the id of a run, and *now* is in seconds since the epoch.
    """
    made = {}
    for taken in several:
        token = new_token()
        until = now + taken.admitted.run.options.timeout + GRACE
        connection.execute(
            update(runs)
            .where(runs.c.run_id == taken.run_id, runs.c.generation == taken.admitted.generation)
            .values(token_hash=token.hash, token_until=func.to_timestamp(until))
        )
        made[taken.run_id] = Events(url=url(taken.run_id), token=token.text)
    return made


def give_up_overdue(connection: Connection) -> list[str]:
    """End the runs that a service had for longer than any run may take, and return them."""
    rows = connection.execute(
        select(runs.c.run_id, runs.c.generation, runs.c.value, runs.c.taken_at).where(
            runs.c.state == "taken",
            runs.c.taken_until.is_(None),
            runs.c.taken_at < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, GRACE),
        )
    ).all()
    now = connection.execute(select(func.now())).scalar_one()
    ended = []
    for row in rows:
        limit = run_from(row.value).options.timeout + GRACE
        if (now - row.taken_at).total_seconds() > limit:
            message = "nothing was heard of it for an hour beyond the time that it may take"
            result = RunResult(outcome=Outcome.LOST, message=message)
            note_result(connection, row.run_id, row.generation, result)
            ended.append(row.run_id)
    return ended


def _stored(connection: Connection, backend: str) -> list[Taken]:
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
        Taken(admitted_from(row), is_submitted=row.submitted_at is not None)
        for row in connection.execute(wanted)
    ]
