"""Pull requests from forks: what a maintainer has not looked at does not run."""

from __future__ import annotations

import pytest
from fakes.github import Pull
from service.behaviour.world import World, heads

from bot.model import Conclusion


@pytest.fixture
def pull(world: World) -> Pull:
    return world.opened(fork="stranger", author="stranger")


def test_a_fork_waits_for_a_maintainer(world: World, pull: Pull) -> None:
    (review,) = world.reviews
    problem = review.review.problem

    assert problem is not None
    assert problem.conclusion is Conclusion.ACTION_REQUIRED
    assert problem.title == "Waiting for a maintainer"
    assert f"`/nbci run --sha {pull.head_sha}`" in problem.details[-1]


def test_a_fork_that_was_deleted_is_one_still(world: World) -> None:
    pull = world.open_pull(fork="stranger", author="stranger")
    pull.delete_fork()

    world.tell(pull.event("opened"))

    assert world.reviews[0].review.problem is not None


def test_a_maintainer_runs_exactly_the_commit_that_was_named(world: World, pull: Pull) -> None:
    world.settle()

    comment = world.say(pull, f"/nbci run --sha {pull.head_sha[:10]}")

    (review,) = world.open
    assert review.review.problem is None
    assert review.head_sha == pull.head_sha
    assert world.reactions(comment) == ["eyes", "rocket"]
    assert world.known(pull).approved_by == "maria"


def test_a_command_that_names_no_commit_runs_nothing(world: World, pull: Pull) -> None:
    comment = world.say(pull, "/nbci run")

    assert len(world.reviews) == 1
    assert world.reactions(comment) == ["eyes", "-1"]
    assert f"`/nbci run --sha {pull.head_sha}`" in world.replies(pull)[-1]


def test_whoever_opened_it_cannot_approve_it(world: World, pull: Pull) -> None:
    world.say(pull, f"/nbci run --sha {pull.head_sha}", "stranger")

    assert len(world.reviews) == 1
    assert world.known(pull).approved_sha is None


def test_a_push_needs_a_maintainer_again(world: World, pull: Pull) -> None:
    world.say(pull, f"/nbci run --sha {pull.head_sha}")
    world.push(pull)

    world.tell(pull.event("synchronize"))

    newest = world.reviews[-1]
    assert newest.head_sha == pull.head_sha
    assert newest.review.problem is not None
    assert all(row.review.problem or not row.is_open for row in world.reviews)


def test_an_approved_commit_that_comes_back_runs_once_more_at_most(
    world: World, pull: Pull
) -> None:
    approved = pull.head_sha
    world.say(pull, f"/nbci run --sha {approved}")
    world.push(pull)
    world.tell(pull.event("synchronize"))
    world.settle()
    world.push_back(pull, approved)

    world.tell(pull.event("synchronize"))
    world.tell(pull.event("synchronize"))

    assert heads(world.open) == [approved]
    assert world.open[0].review.problem is None


def test_an_approved_commit_that_has_passed_is_not_run_again(world: World, pull: Pull) -> None:
    approved = pull.head_sha
    world.settle()
    world.say(pull, f"/nbci run --sha {approved}")
    world.finish(world.open[0])
    world.push(pull)
    world.tell(pull.event("synchronize"))
    world.settle()
    world.push_back(pull, approved)

    world.tell(pull.event("synchronize"))

    assert world.open == []


def test_another_base_needs_a_maintainer_again(world: World, pull: Pull) -> None:
    world.settle()
    world.say(pull, f"/nbci run --sha {pull.head_sha}")
    pull.retarget("other")

    world.tell(pull.event("edited", base={"ref": {"from": "main"}, "sha": {"from": pull.base_sha}}))

    newest = world.reviews[-1]
    assert newest.base_ref == "other"
    assert newest.review.problem is not None
    assert world.reviews[-2].cancel_reason is not None


def test_a_command_about_a_commit_that_is_not_the_head_any_more_runs_nothing(
    world: World, pull: Pull
) -> None:
    seen = pull.head_sha
    world.push(pull)

    world.say(pull, f"/nbci run --sha {seen}")

    assert len(world.reviews) == 1
    assert seen[:10] in world.replies(pull)[-1]
    assert pull.head_sha[:10] in world.replies(pull)[-1]
    assert world.known(pull).approved_sha is None
