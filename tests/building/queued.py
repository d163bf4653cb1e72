"""Runs that wait in a database for somebody to take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, insert, select

from bot.model import Review, ReviewRequest, Run, RunOptions
from bot.service.admission import Limits
from bot.service.codec import review_text, run_text
from bot.service.database import Database
from bot.service.tables import repositories, reviews, runs

NO_LIMITS = Limits(
    runs_per_repository=1000, runs_per_installation=1000, queued_per_repository=1, runs_per_day=1
)


def queue_runs(database: Database, backend: str, names: Iterable[str]) -> int:
    """Have a review wait with a run for each name, of the notebook of that name; return its id."""
    request = ReviewRequest(repository="octo/science", ref="refs/pull/1", head="a" * 40)
    with database.begin() as connection:
        place: dict[str, Any] = {"id": 1, "installation_id": 1, "full_name": "octo/science"}
        rest = {"default_branch": "main", "clone_url": "", "private": False}
        if not connection.execute(select(repositories.c.id)).all():
            connection.execute(insert(repositories).values(place | rest))
        row = {
            "repository_id": 1,
            "installation_id": 1,
            "ref": request.ref,
            "head_sha": request.head,
            "cause": " ".join(names),
            "attempt": 1,
            "value": review_text(Review(request=request, planned=True)),
            "page_key": "a-page",
        }
        review_id = connection.execute(
            insert(reviews).values(row).returning(reviews.c.id)
        ).scalar_one()
        for position, name in enumerate(names):
            run = Run(run_id=name, notebook=f"{name}.ipynb", options=RunOptions(backend=backend))
            connection.execute(
                insert(runs).values(
                    run_id=name,
                    review_id=review_id,
                    repository_id=1,
                    installation_id=1,
                    position=position,
                    backend=backend,
                    value=run_text(run),
                    state="queued",
                    queued_at=func.now(),
                )
            )
    return int(review_id)


def row_of(database: Database, name: str) -> Any:
    """Return what is stored of a run."""
    with database.begin() as connection:
        return connection.execute(select(runs).where(runs.c.run_id == name)).one()
