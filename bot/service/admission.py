"""Who runs next: as much at once as each repository and installation may, in turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, text

from bot.model import ReviewRequest, Run
from bot.service import jobs
from bot.service.codec import request_from, run_from
from bot.service.database import defer_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may run and wait; what a repository's share is, and that of an installation."""

    runs_per_repository: int
    runs_per_installation: int
    queued_per_repository: int
    runs_per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A run that its taker is to begin; what is noted of it is to name the `generation`."""

    run: Run
    generation: int
    review_id: int
    repository_id: int
    page_key: str
    request: ReviewRequest


_IS_ANY_WAITING = text(
    "SELECT EXISTS (SELECT FROM runs WHERE state = 'queued' AND backend = :backend)"
)

# The first in line of each repository before the second of any; what runs counts as ahead in line.
_CANDIDATES = text("""
    WITH busy AS (
        SELECT repository_id, count(*) AS number FROM runs WHERE state = 'taken' GROUP BY 1
    ), busy_installations AS (
        SELECT installation_id, count(*) AS number FROM runs WHERE state = 'taken' GROUP BY 1
    ), waiting AS (
        SELECT run_id, repository_id, installation_id, queued_at, position,
            row_number() OVER (
                PARTITION BY repository_id ORDER BY queued_at, review_id, position
            ) + coalesce(busy.number, 0) AS place
        FROM runs LEFT JOIN busy USING (repository_id)
        WHERE state = 'queued' AND backend = :backend
    ), allowed AS (
        SELECT *, row_number() OVER (
            PARTITION BY installation_id ORDER BY place, queued_at, run_id
        ) + coalesce(busy_installations.number, 0) AS installation_place
        FROM waiting LEFT JOIN busy_installations USING (installation_id)
        WHERE place <= :per_repository
    )
    SELECT run_id FROM allowed WHERE installation_place <= :per_installation
    ORDER BY place, queued_at, position LIMIT :most
""")

_TAKE = text("""
    UPDATE runs SET state = 'taken', taken_by = :owner, taken_at = now(),
        taken_until = CASE WHEN :seconds > 0 THEN now() + make_interval(secs => :seconds) END,
        generation = generation + 1
    FROM reviews
    WHERE run_id = ANY(:run_ids) AND state = 'queued' AND reviews.id = runs.review_id
    RETURNING run_id, runs.value, generation, review_id, runs.repository_id, page_key,
        reviews.value AS review
""")


def admit(
    connection: Connection, backend: str, owner: str, limits: Limits, *, most: int, seconds: float
) -> list[Admitted]:
    """Give *owner* up to *most* runs that wait for *backend*, and return them.

    They are the owner's for *seconds* without a sign of life; with 0, for ever. Limits hold
    exactly: one caller after the other gets its turn.
    """
    if not connection.execute(_IS_ANY_WAITING, {"backend": backend}).scalar_one():
        return []
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('nbci admission'))"))
    asked = {
        "backend": backend,
        "per_repository": limits.runs_per_repository,
        "per_installation": limits.runs_per_installation,
        "most": most,
    }
    run_ids = list(connection.execute(_CANDIDATES, asked).scalars())
    if not run_ids:
        return []
    order = {run_id: place for place, run_id in enumerate(run_ids)}
    taken = connection.execute(
        _TAKE, {"run_ids": run_ids, "owner": owner, "seconds": float(seconds)}
    ).all()
    return sorted(map(admitted_from, taken), key=lambda one: order[one.run.run_id])


def admitted_from(row: Row[*tuple[Any, ...]]) -> Admitted:
    """Return a taken run from its row, with its review's `value` as `review`."""
    return Admitted(
        run=run_from(row.value),
        generation=row.generation,
        review_id=row.review_id,
        repository_id=row.repository_id,
        page_key=row.page_key,
        request=request_from(row.review),
    )


def keep(connection: Connection, owner: str, seconds: float) -> dict[str, bool]:
    """Show a sign of life; return the runs that are still the owner's, and which to cancel.

    Those that it was given for ever are none of them.
    """
    kept = connection.execute(
        text("""
            UPDATE runs SET taken_until = now() + make_interval(secs => :seconds)
            WHERE state = 'taken' AND taken_by = :owner AND taken_until IS NOT NULL
            RETURNING run_id, cancel_requested
        """),
        {"owner": owner, "seconds": float(seconds)},
    )
    return {row.run_id: row.cancel_requested for row in kept}


_AGAIN = """
    UPDATE runs SET
        state = CASE WHEN cancel_requested THEN 'ended' ELSE 'queued' END,
        ended_at = CASE WHEN cancel_requested THEN now() END,
        taken_by = NULL, taken_until = NULL, observation = ''
    WHERE state = 'taken' AND taken_until IS NOT NULL AND {which} RETURNING review_id, state
"""
_AGAIN_OF_OWNER = text(_AGAIN.format(which="taken_by = :owner"))
_AGAIN_SOME = text(_AGAIN.format(which="taken_by = :owner AND run_id = ANY(:run_ids)"))
_AGAIN_LOST = text(_AGAIN.format(which="taken_until < now()"))


def hand_back(connection: Connection, owner: str, run_ids: Iterable[str] | None = None) -> None:
    """Have runs wait again that the owner has, for somebody to take them: all, or some of them.

    What it was given for ever goes on where it is.
    """
    if run_ids is None:
        _wake(connection, connection.execute(_AGAIN_OF_OWNER, {"owner": owner}))
    elif some := sorted(run_ids):
        _wake(connection, connection.execute(_AGAIN_SOME, {"owner": owner, "run_ids": some}))


def hand_back_lost(connection: Connection) -> int:
    """Have the runs wait again whose takers show no sign of life; return how many there were."""
    return _wake(connection, connection.execute(_AGAIN_LOST))


def _wake(connection: Connection, changed: CursorResult[Any]) -> int:
    """Have the reviews of changed runs moved on; return how many runs there were."""
    review_ids = [row.review_id for row in changed]
    # In order, or two that do this at once would wait for each other.
    for review_id in sorted(set(review_ids)):
        defer_in(connection, jobs.advance(review_id))
    return len(review_ids)
