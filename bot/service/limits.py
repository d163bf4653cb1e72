"""How much a repository may have run, counted when a review was planned."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, text

from bot.model import Conclusion, Problem
from bot.service.admission import Limits
from bot.service.tables import runs


def over_limits(
    connection: Connection, repository_id: int, number: int, limits: Limits
) -> Problem | None:
    """Return why *number* more runs are too many for a repository now, None where they are not."""
    of_repository = runs.c.repository_id == repository_id
    waiting = select(func.count()).where(of_repository, runs.c.state == "queued")
    queued = connection.execute(waiting).scalar_one()
    if queued + number > limits.queued_per_repository:
        return _too_many(
            f"{queued} notebooks of this repository wait already, and {number} more would be more"
            f" than {limits.queued_per_repository}, which NBCI_MAX_QUEUED_RUNS_PER_REPOSITORY says"
        )
    day = runs.c.queued_at > func.now() - text("interval '1 day'")
    begun = connection.execute(select(func.count()).where(of_repository, day)).scalar_one()
    if begun + number > limits.runs_per_day:
        return _too_many(
            f"{begun} notebooks of this repository were run within a day, and {number} more would"
            f" be more than {limits.runs_per_day}, which NBCI_MAX_RUNS_PER_DAY says"
        )
    return None


def _too_many(why: str) -> Problem:
    return Problem(
        conclusion=Conclusion.ACTION_REQUIRED,
        title="Too many notebooks for now, so nothing was run",
        details=(
            f"{why}.",
            "Comment `/nbci run` later, or `/nbci run folder/` with fewer of them.",
        ),
    )
