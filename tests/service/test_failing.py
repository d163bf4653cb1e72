"""A review that cannot be moved on hurts no other, and ends; on a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, update

from bot.errors import TryLater
from bot.model import Conclusion, Problem, Review, ReviewRequest, Run, RunOptions
from bot.service.codec import review_text, run_text
from bot.service.database import Database
from bot.service.failing import MOST_FAILURES, Failing
from bot.service.store import Overtaken, read_review
from bot.service.tables import repositories, reviews, runs

REQUEST = ReviewRequest(repository="octo/science", ref="refs/pull/1", head="a" * 40)


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    made = Database(database, size=3)
    with made.begin() as connection:
        connection.execute(
            insert(repositories).values(
                id=1,
                installation_id=1,
                full_name="octo/science",
                default_branch="main",
                clone_url="",
                private=False,
            )
        )
    yield made
    made.close()


@pytest.fixture
def review_id(opened: Database) -> int:
    """A review with one run that is under way."""
    with opened.begin() as connection:
        row = {
            "repository_id": 1,
            "installation_id": 1,
            "ref": REQUEST.ref,
            "head_sha": REQUEST.head,
            "cause": "test",
            "attempt": 1,
            "value": review_text(Review(request=REQUEST, planned=True)),
            "page_key": "key",
        }
        made = int(
            connection.execute(insert(reviews).values(row).returning(reviews.c.id)).scalar_one()
        )
        run = Run(run_id="r", notebook="a.ipynb", options=RunOptions(backend="here"))
        connection.execute(
            insert(runs).values(
                run_id="r",
                review_id=made,
                repository_id=1,
                installation_id=1,
                position=0,
                backend="here",
                value=run_text(run),
                state="taken",
            )
        )
        return made


class Told:
    """What was concluded as plainly as can be."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def conclude(self, review_id: int, problem: Problem) -> None:
        self.problems.append(problem)


def broken() -> None:
    raise KeyError("a mistake of ours")


def column(database: Database, name: str) -> object:
    with database.begin() as connection:
        return connection.execute(select(reviews.c[name])).scalar_one()


def test_a_failing_step_is_tried_again_later(opened, review_id, caplog):
    Failing(opened, Told().conclude).advance(review_id, broken)

    assert column(opened, "failures") == 1
    assert column(opened, "look_again_at") is not None
    assert column(opened, "is_over") is False
    error_id = str(column(opened, "error")).partition(":")[0]
    assert f"internal error {error_id}" in caplog.text
    assert "a mistake of ours" in caplog.text


def test_a_review_that_fails_again_and_again_is_set_aside_and_its_runs_are_ended(opened, review_id):
    failing = Failing(opened, Told().conclude)
    for _ in range(MOST_FAILURES):
        failing.advance(review_id, broken)

    with opened.begin() as connection:
        row = read_review(connection, review_id)
        assert connection.execute(select(runs.c.cancel_requested)).scalar_one() is True
    assert row is not None
    assert row.is_over
    assert row.review.problem is not None
    assert row.review.problem.conclusion is Conclusion.FAILURE
    assert row.review.problem.title.startswith("Internal error ")
    assert all(run.result for run in row.review.runs)


def test_a_review_that_cannot_even_be_read_is_set_aside(opened, review_id):
    with opened.begin() as connection:
        connection.execute(update(reviews).values(value="{"))
    failing = Failing(opened, Told().conclude)
    for _ in range(MOST_FAILURES):
        failing.advance(review_id, broken)

    assert column(opened, "is_over") is True
    with opened.begin() as connection:
        row = read_review(connection, review_id)
    assert row is not None
    assert row.review.problem is not None


def test_what_cannot_be_shown_is_concluded_plainly_in_the_end(opened, review_id):
    told = Told()
    failing = Failing(opened, told.conclude)
    with opened.begin() as connection:
        connection.execute(update(reviews).values(is_over=True))
    for _ in range(MOST_FAILURES):
        failing.show(review_id, broken)

    assert [problem.conclusion for problem in told.problems] == [Conclusion.FAILURE]
    assert column(opened, "is_shown") is True


def test_waiting_for_github_is_no_failure(opened, review_id):
    def wait() -> None:
        raise TryLater("GitHub's rate limit is reached", 2_000_000_000.0)

    Failing(opened, Told().conclude).show(review_id, wait)

    assert column(opened, "failures") == 0
    assert column(opened, "show_again_at").timestamp() == 2_000_000_000.0


def test_who_was_overtaken_changes_nothing(opened, review_id):
    def late() -> None:
        raise Overtaken("somebody else was quicker")

    Failing(opened, Told().conclude).advance(review_id, late)

    assert column(opened, "failures") == 0
    assert column(opened, "look_again_at") is None
