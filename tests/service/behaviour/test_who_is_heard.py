"""Who may command, which GitHub is asked for each time, and what strangers cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.github import Pull
from service.behaviour.world import World
from sqlalchemy import text

from bot.service.deliveries import MOST_ATTEMPTS
from bot.service.strangers import DEAF


@pytest.fixture
def pull(world: World) -> Pull:
    return world.open_pull()


def test_of_a_strangers_ten_comments_one_gets_a_reaction_and_none_a_reply(
    world: World, pull: Pull
) -> None:
    comments = [world.say(pull, "/nbci run", "stranger") for _ in range(10)]

    assert [world.reactions(comment) for comment in comments] == [["confused"], *[[]] * 9]
    assert world.replies(pull) == []
    assert world.reviews == []
    assert world.asked("/collaborators/stranger/permission") == 1


def test_strangers_cost_nothing_on_other_pull_requests_either(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci run", "stranger")
    before = len(world.github.requests)
    world.working.git("branch", "second", "feature")
    other = world.open_pull("second")

    for _ in range(5):
        world.say(other, "/nbci run", "stranger")

    assert len(world.github.requests) == before


def test_who_is_given_the_permission_to_write_is_heard_after_a_while(
    world: World, pull: Pull
) -> None:
    world.say(pull, "/nbci help", "nadia")
    world.repository.add_collaborator("nadia", "write")
    with world.engine.database.begin() as connection:
        connection.execute(
            text("UPDATE leases SET until = until - :seconds"),
            {"seconds": timedelta(seconds=DEAF + 1)},
        )

    world.say(pull, "/nbci help", "nadia")

    assert len(world.replies(pull)) == 1


def test_who_loses_the_permission_to_write_is_not_heard_any_more(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci help")
    world.repository.collaborators["maria"] = "read"

    comment = world.say(pull, "/nbci run")

    assert world.reactions(comment) == ["confused"]
    assert world.reviews == []


@pytest.mark.parametrize("role", ["read", "triage"])
def test_the_association_counts_for_nothing(world: World, pull: Pull, role: str) -> None:
    world.repository.add_collaborator("nadia", role)
    comment = world.repository.comment(pull, "/nbci run", "nadia", association="MEMBER")

    world.tell(comment.event(), "issue_comment")

    assert world.reactions(comment) == ["confused"]
    assert world.reviews == []


@pytest.mark.parametrize("role", ["write", "maintain", "admin"])
def test_who_may_write_is_heard(world: World, pull: Pull, role: str) -> None:
    world.repository.add_collaborator("nadia", role)

    world.say(pull, "/nbci run", "nadia")

    assert len(world.open) == 1


def test_a_refused_look_at_the_permission_runs_nothing_and_is_told_once(
    world: World, pull: Pull
) -> None:
    world.github.fault("unauthorized", path="/collaborators/", times=6)

    for number in range(3):
        comment = world.repository.comment(pull, "/nbci run", "maria")
        told = world.tell(comment.event(), "issue_comment", guid=f"comment-{number}")
        assert told.state == "failed"

    (reply,) = world.replies(pull)
    assert "could not be verified" in reply
    assert world.reviews == []


def test_a_look_at_the_permission_without_an_answer_is_repeated_later(
    world: World, pull: Pull
) -> None:
    world.github.fault("500_before", path="/collaborators/", times=5)
    comment = world.repository.comment(pull, "/nbci run", "maria")

    first = world.tell(comment.event(), "issue_comment", guid="comment")
    second = world.take("comment")

    assert (first.state, second.state) == ("waiting", "done")
    assert len(world.open) == 1
    assert world.replies(pull) == []


def test_that_nobody_answers_about_the_permission_is_told_in_the_end(
    world: World, pull: Pull
) -> None:
    world.github.fault("500_before", path="/collaborators/", times=999)
    comment = world.repository.comment(pull, "/nbci run", "maria")

    told = world.tell(comment.event(), "issue_comment", guid="comment")
    for _ in range(MOST_ATTEMPTS - 1):
        assert told.state == "waiting"
        assert world.replies(pull) == []
        told = world.take("comment")

    assert told.state == "failed"
    assert "could not be verified" in world.replies(pull)[0]
    assert world.reviews == []


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_only_new_comments_are_heard(world: World, pull: Pull, action: str) -> None:
    comment = world.repository.comment(pull, "hello", "maria")
    comment.edit("/nbci run")

    told = world.tell(comment.event(action), "issue_comment")

    assert told.state == "ignored"
    assert world.asked("") == 0


def test_machines_are_not_heard(world: World, pull: Pull) -> None:
    world.repository.add_collaborator("dependabot[bot]", "admin")
    ours = f"{world.app.app.slug}[bot]"
    comments = [
        world.repository.comment(pull, "/nbci run", "dependabot[bot]"),
        world.repository.comment(pull, "/nbci run", ours, app=world.app.app.slug),
        world.repository.comment(pull, "/nbci run", "maria", app="some-app"),
    ]

    told = [world.tell(comment.event(), "issue_comment").state for comment in comments]

    assert told == ["ignored"] * 3
    assert world.asked("/collaborators/") == 0
    assert world.reviews == []


def test_what_the_bot_says_itself_is_no_command(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci help")
    (ours,) = [item for item in world.repository.comments(pull) if item.login != "maria"]

    told = world.tell(ours.event(), "issue_comment")

    assert told.state == "ignored"
    assert len(world.replies(pull)) == 1


def test_an_issue_is_no_pull_request(world: World) -> None:
    comment = world.repository.comment(world.repository.open_issue(), "/nbci run", "maria")

    told = world.tell(comment.event(), "issue_comment")

    assert "not on a pull request" in told.note


@pytest.mark.parametrize("body", ["What about `/nbci run`?", "> /nbci run", "nice work"])
def test_talk_about_commands_costs_nothing(world: World, pull: Pull, body: str) -> None:
    world.say(pull, "/nbci help")
    before = len(world.github.requests)

    world.say(pull, body)

    assert len(world.github.requests) == before
