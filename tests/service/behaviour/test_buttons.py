"""The buttons of check runs: run again, run again what failed, cancel."""

from __future__ import annotations

from typing import Any

import pytest
from fakes.github import CheckRun, Pull, payloads
from service.behaviour.world import World

from bot.model import Outcome
from bot.report.checks import review_id
from bot.service.store import ReviewRow

Json = dict[str, Any]


@pytest.fixture
def pull(world: World) -> Pull:
    """A pull request whose notebooks ran; one of two failed."""
    pull = world.opened()
    world.finish(world.open[0], a=Outcome.PASSED, b=Outcome.FAILED)
    return pull


def check_of(world: World, row: ReviewRow, notebook: str = "") -> CheckRun:
    """Return a check run as the bot makes it: of a notebook, or else the summary."""
    names = {run.notebook: run.run_id for run in row.review.runs}
    made = CheckRun(
        id=world.github.new_id("check_run"),
        app=world.app.app,
        name=notebook or "nbci",
        head_sha=row.head_sha,
        suite_id=world.repository.suite_id(world.app.app, row.head_sha),
        external_id=names[notebook] if notebook else review_id(row.review.request),
        status="completed",
        conclusion="failure",
    )
    world.repository.all_check_runs[made.id] = made
    return made


def press(
    world: World, check: CheckRun, button: str | None, login: str = "maria", guid: str = ""
) -> str:
    """Have somebody press a button, GitHub's own with None, and return what became of that."""
    action = "requested_action" if button else "rerequested"
    event = world.repository.check_run_event(check, action, login, identifier=button)
    told = world.tell(event, "check_run", guid=guid)
    return f"{told.state}: {told.note}"


def suite_event(world: World, sha: str, login: str = "maria") -> Json:
    """Return the payload for whom wants all check runs of the App made anew."""
    (made, *_) = [one for one in payloads("check_suite") if one["action"] == "rerequested"]
    pull = world.repository.pull(1)
    made["repository"] = pull.event("opened")["repository"]
    made["check_suite"]["head_sha"] = sha
    made["check_suite"]["app"]["id"] = world.app.app.id
    made["sender"] = {"login": login, "id": world.github.account(login).id, "type": "User"}
    del made["installation"]
    return made


def scope(row: ReviewRow) -> tuple[str, ...]:
    return row.review.request.notebooks


@pytest.mark.parametrize("button", [None, "rerun"])
def test_a_notebook_is_run_again(world: World, pull: Pull, button: str | None) -> None:
    press(world, check_of(world, world.reviews[0], "b.ipynb"), button)

    (review,) = world.open
    assert scope(review) == ("b.ipynb",)
    assert (review.head_sha, review.attempt) == (pull.head_sha, 2)


@pytest.mark.parametrize("button", [None, "rerun"])
@pytest.mark.usefixtures("pull")
def test_all_that_a_review_was_of_is_run_again(world: World, button: str | None) -> None:
    press(world, check_of(world, world.reviews[0]), button)

    assert scope(world.open[0]) == ()


@pytest.mark.usefixtures("pull")
def test_what_failed_is_run_again(world: World) -> None:
    press(world, check_of(world, world.reviews[0]), "rerun_failed")

    assert scope(world.open[0]) == ("b.ipynb",)


def test_the_button_of_a_review_by_command_runs_the_same_again(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci run a.ipynb -p n=1")
    world.finish(world.open[0])

    press(world, check_of(world, world.reviews[1]), "rerun")

    (review,) = world.open
    assert scope(review) == ("a.ipynb",)
    assert review.review.request.parameters == {"n": 1}


def test_all_checks_are_run_again(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci run a.ipynb -p n=1")
    world.finish(world.open[0])

    world.tell(suite_event(world, pull.head_sha), "check_suite")

    (review,) = world.open
    assert scope(review) == ()
    assert review.review.request.parameters == {}


@pytest.mark.usefixtures("pull")
def test_a_button_pressed_once_and_told_twice_runs_once(world: World) -> None:
    check = check_of(world, world.reviews[0])

    press(world, check, "rerun", guid="press")
    world.forget_done("press")
    world.take("press")

    assert len(world.reviews) == 2


def test_a_review_is_cancelled(world: World) -> None:
    world.opened()

    press(world, check_of(world, world.reviews[0]), "cancel")

    assert world.reasons == ["cancelled by maria"]


def test_nothing_is_begun_beside_what_runs(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci run all")

    said = press(world, check_of(world, world.reviews[0], "b.ipynb"), "rerun")

    assert said == "ignored: notebooks are still running"
    assert len(world.reviews) == 2


@pytest.mark.parametrize("button", [None, "rerun", "rerun_failed", "cancel"])
def test_strangers_press_for_nothing(world: World, button: str | None) -> None:
    world.opened()
    check = check_of(world, world.reviews[0])

    said = press(world, check, button, "stranger")
    told = world.tell(suite_event(world, check.head_sha, "stranger"), "check_suite")

    assert "stranger may not write" in said
    assert told.state == "ignored"
    assert world.reasons == [None]


@pytest.mark.usefixtures("pull")
def test_machines_and_other_buttons_are_passed_over(world: World) -> None:
    check = check_of(world, world.reviews[0])
    world.repository.add_collaborator("robot[bot]", "admin")

    said = [press(world, check, "rerun", "robot[bot]"), press(world, check, "deploy")]

    assert all(text.startswith("ignored") for text in said)
    assert world.open == []


@pytest.mark.usefixtures("pull")
def test_another_apps_check_run_is_none_of_ours(world: World) -> None:
    check = check_of(world, world.reviews[0])
    check.app = world.github.app("other-app")

    said = press(world, check, "rerun")

    assert "another App" in said
    assert world.open == []


def test_a_forks_commit_needs_a_maintainer_who_names_it(world: World) -> None:
    pull = world.opened(fork="stranger", author="stranger")
    world.settle()
    check = check_of(world, world.reviews[0])

    said = press(world, check, "rerun")
    world.say(pull, f"/nbci run --sha {pull.head_sha}")
    world.finish(world.open[0], a=Outcome.FAILED)
    press(world, check, "rerun")

    assert "a fork's" in said
    assert len(world.open) == 1


def test_a_commit_that_is_not_the_head_any_more_is_not_run(world: World, pull: Pull) -> None:
    check = check_of(world, world.reviews[0])
    world.push(pull)

    said = press(world, check, "rerun")

    assert "not the head" in said
    assert len(world.reviews) == 1


def test_nothing_has_failed(world: World) -> None:
    world.opened()
    world.finish(world.open[0])

    said = press(world, check_of(world, world.reviews[0]), "rerun_failed")

    assert said == "ignored: every notebook has passed"
