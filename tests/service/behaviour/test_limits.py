"""How much a repository may have waiting, and have run in a day."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from bot.model import Conclusion, Problem
from bot.service.admission import Limits
from bot.service.database import Database
from bot.service.limits import over_limits
from bot.service.tables import repositories, reviews, runs

LIMITS = Limits(
    runs_per_repository=1, runs_per_installation=1, queued_per_repository=10, runs_per_day=20
)
OURS, OTHERS = 1, 2


@pytest.fixture
def stored(database: str) -> Iterator[Database]:
    made = Database(database, size=2)
    yield made
    made.close()


def put(stored: Database, repository_id: int, number: int, state: str, hours: float) -> None:
    """Have runs of a repository been queued some hours ago."""
    queued_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - hours * 3600))
    with stored.begin() as connection:
        names = {"full_name": "o/r", "default_branch": "main", "clone_url": "", "private": False}
        connection.execute(
            insert(repositories).values(id=repository_id, installation_id=7, **names)
        )
        review = insert(reviews).values(
            repository_id=repository_id,
            installation_id=7,
            ref="refs/pull/1",
            head_sha="a" * 40,
            cause="c",
            attempt=1,
            value="{}",
            page_key="k",
        )
        review_id = connection.execute(review.returning(reviews.c.id)).scalar_one()
        rows = [
            {
                "run_id": f"{repository_id}-{position}",
                "review_id": review_id,
                "repository_id": repository_id,
                "installation_id": 7,
                "position": position,
                "backend": "local",
                "value": "{}",
                "state": state,
                "queued_at": queued_at,
            }
            for position in range(number)
        ]
        connection.execute(insert(runs), rows)


def refusal(stored: Database, number: int) -> Problem | None:
    with stored.begin() as connection:
        return over_limits(connection, OURS, number, LIMITS)


@pytest.mark.parametrize(("number", "is_refused"), [(6, False), (7, True)])
def test_only_so_many_may_wait(stored: Database, number: int, is_refused: bool) -> None:
    put(stored, OURS, 4, "queued", hours=1)

    problem = refusal(stored, number)

    assert (problem is not None) is is_refused
    if problem:
        assert problem.conclusion is Conclusion.ACTION_REQUIRED
        assert "NBCI_MAX_QUEUED_RUNS_PER_REPOSITORY" in problem.details[0]
        assert "`/nbci run" in problem.details[1]


@pytest.mark.parametrize(("hours", "is_refused"), [(23, True), (25, False)])
def test_only_so_many_are_run_in_a_day(stored: Database, hours: float, is_refused: bool) -> None:
    put(stored, OURS, 15, "ended", hours)

    problem = refusal(stored, 6)

    assert (problem is not None) is is_refused
    assert problem is None or "NBCI_MAX_RUNS_PER_DAY" in problem.details[0]


def test_another_repository_takes_nothing_away(stored: Database) -> None:
    put(stored, OTHERS, 20, "queued", hours=1)

    assert refusal(stored, 10) is None
