"""Who runs next, on a real database: in turn, within limits, and again when its taker is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, text, update

from bot.model import Review, ReviewRequest, Run, RunOptions
from bot.service.admission import Limits, admit, hand_back, hand_back_lost, keep
from bot.service.codec import review_text, run_text
from bot.service.database import Database
from bot.service.tables import repositories, reviews, runs

MANY = Limits(
    runs_per_repository=100, runs_per_installation=100, queued_per_repository=1, runs_per_day=1
)


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    made = Database(database, size=3)
    yield made
    made.close()


def queue(database: Database, repository: int, names: str, *, installation: int = 1) -> None:
    """Have a review of a repository wait with a run for each letter of *names*."""
    request = ReviewRequest(repository=f"octo/{repository}", ref="refs/pull/1", head="a" * 40)
    with database.begin() as connection:
        known = select(repositories.c.id).where(repositories.c.id == repository)
        if connection.execute(known).first() is None:
            row = {"id": repository, "installation_id": installation, "private": False}
            names_of = {"full_name": request.repository, "default_branch": "main", "clone_url": ""}
            connection.execute(insert(repositories).values(row | names_of))
        review = {
            "repository_id": repository,
            "installation_id": installation,
            "ref": request.ref,
            "head_sha": request.head,
            "cause": names,
            "attempt": 1,
            "value": review_text(Review(request=request, planned=True)),
            "page_key": names,
        }
        added = insert(reviews).values(review).returning(reviews.c.id)
        review_id = connection.execute(added).scalar_one()
        for position, name in enumerate(names):
            run = Run(run_id=name, notebook=f"{name}.ipynb", options=RunOptions(backend="here"))
            connection.execute(
                insert(runs).values(
                    run_id=name,
                    review_id=review_id,
                    repository_id=repository,
                    installation_id=installation,
                    position=position,
                    backend="here",
                    value=run_text(run),
                    state="queued",
                    queued_at=text("clock_timestamp()"),
                )
            )


def take(database: Database, most: int, limits: Limits = MANY, owner: str = "me") -> str:
    with database.begin() as connection:
        taken = admit(connection, "here", owner, limits, most=most, seconds=60)
    return "".join(one.run.run_id for one in taken)


def state_of(database: Database, name: str) -> str:
    with database.begin() as connection:
        wanted = select(runs.c.state).where(runs.c.run_id == name)
        return str(connection.execute(wanted).scalar_one())


def limits(repository: int = 100, installation: int = 100) -> Limits:
    return Limits(
        runs_per_repository=repository,
        runs_per_installation=installation,
        queued_per_repository=1,
        runs_per_day=1,
    )


def test_repositories_take_turns_however_much_one_of_them_asks_for(opened):
    queue(opened, 1, "abcdef")
    queue(opened, 2, "xy")

    assert take(opened, 4) == "axby"


def test_what_a_repository_runs_already_counts_as_its_turn(opened):
    queue(opened, 1, "abcdef")
    assert take(opened, 2) == "ab"
    queue(opened, 2, "xyz")

    assert take(opened, 2) == "xy"
    assert sorted(take(opened, 2)) == ["c", "z"]


def test_a_repository_has_no_more_at_once_than_it_may(opened):
    queue(opened, 1, "abcdef")
    queue(opened, 2, "x")

    assert take(opened, 10, limits(repository=2)) == "axb"
    assert take(opened, 10, limits(repository=2)) == ""


def test_an_installation_has_no_more_at_once_than_it_may(opened):
    queue(opened, 1, "ab")
    queue(opened, 2, "xy")
    queue(opened, 3, "s", installation=2)

    assert sorted(take(opened, 10, limits(installation=3))) == ["a", "b", "s", "x"]
    assert take(opened, 10, limits(installation=3)) == ""


def test_nothing_is_given_twice(opened):
    queue(opened, 1, "abc")

    assert sorted(take(opened, 2) + take(opened, 2, owner="other")) == ["a", "b", "c"]


def test_what_is_handed_back_waits_for_another(opened):
    queue(opened, 1, "ab")
    take(opened, 2)
    with opened.begin() as connection:
        hand_back(connection, "me")

    assert take(opened, 2, owner="other") == "ab"


def test_who_shows_a_sign_of_life_keeps_what_they_run_and_hears_what_is_to_end(opened):
    queue(opened, 1, "ab")
    take(opened, 2)
    with opened.begin() as connection:
        connection.execute(update(runs).where(runs.c.run_id == "b").values(cancel_requested=True))

    with opened.begin() as connection:
        assert keep(connection, "me", 60) == {"a": False, "b": True}
        assert hand_back_lost(connection) == 0


def test_what_a_lost_taker_ran_waits_again_unless_it_was_to_end(opened):
    queue(opened, 1, "ab")
    take(opened, 2)
    with opened.begin() as connection:
        lost = text("now() - interval '1 second'")
        connection.execute(update(runs).values(taken_until=lost))
        connection.execute(update(runs).where(runs.c.run_id == "b").values(cancel_requested=True))

    with opened.begin() as connection:
        assert hand_back_lost(connection) == 2

    assert (state_of(opened, "a"), state_of(opened, "b")) == ("queued", "ended")
    with opened.begin() as connection:
        assert keep(connection, "me", 60) == {}
