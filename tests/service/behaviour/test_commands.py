"""What people say in comments is carried out, or refused with the reason, once."""

from __future__ import annotations

import itertools

import pytest
from fakes.github import Pull, Request
from service.behaviour.world import World, heads

from bot.model import Outcome


@pytest.fixture
def pull(world: World) -> Pull:
    """A pull request whose notebooks ran; one of two failed."""
    pull = world.opened()
    world.finish(world.open[0], a=Outcome.PASSED, b=Outcome.FAILED)
    return pull


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        ("run", (False, ())),
        ("run changed", (False, ())),
        ("run all", (True, ())),
        ("run failed", (False, ("b.ipynb",))),
        ("run a.ipynb folder/", (False, ("a.ipynb", "folder"))),
    ],
)
def test_run_reviews_what_it_is_asked_for(
    world: World, pull: Pull, words: str, scope: tuple[bool, tuple[str, ...]]
) -> None:
    comment = world.say(pull, f"Once more:\n\n/nbci {words}")

    (review,) = world.open
    request = review.review.request
    assert (request.everything, request.notebooks) == scope
    assert request.head == pull.head_sha
    assert review.attempt == 2
    assert world.reactions(comment) == ["eyes", "rocket"]
    assert world.replies(pull) == []


def test_run_takes_parameters(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci run -p year=2025")

    assert world.open[0].review.request.parameters == {"year": 2025}


def test_run_replaces_what_is_under_way(world: World) -> None:
    pull = world.opened()

    world.say(pull, "/nbci run b.ipynb")

    assert world.reasons == ["superseded by a command of maria", None]


def test_run_says_that_the_same_is_under_way(world: World) -> None:
    pull = world.opened()

    comment = world.say(pull, "/nbci run")

    assert world.reasons == [None]
    assert "running already" in world.replies(pull)[0]
    assert world.reactions(comment) == ["eyes", "rocket"]


def test_run_comes_before_anybody_has_told_of_the_pull_request(world: World) -> None:
    pull = world.open_pull()

    world.say(pull, "/nbci run")
    world.tell(pull.event("opened"))

    assert len(world.reviews) == 1


def test_run_failed_needs_something_that_failed(world: World) -> None:
    pull = world.open_pull()

    world.say(pull, "/nbci run failed")
    world.tell(pull.event("opened"))
    world.finish(world.open[0])
    world.say(pull, "/nbci run failed")

    never, passed = world.replies(pull)
    assert "no earlier result" in never
    assert "Every notebook passed" in passed
    assert world.open == []


def test_run_failed_goes_by_the_last_outcome_of_each_notebook(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci run b.ipynb")
    world.finish(world.open[0], b=Outcome.PASSED)

    world.say(pull, "/nbci run failed")

    assert "Every notebook passed" in world.replies(pull)[-1]


def test_cancel_gives_up_what_is_under_way(world: World) -> None:
    pull = world.opened()

    comment = world.say(pull, "/nbci cancel")

    assert world.reasons == ["cancelled by maria"]
    assert world.replies(pull) == [f"Cancelled what was running for `{pull.head_sha[:10]}`."]
    assert world.reactions(comment) == ["eyes", "rocket"]


def test_cancel_says_that_nothing_runs(world: World, pull: Pull) -> None:
    world.say(pull, "/nbci cancel")

    assert world.replies(pull) == [f"Nothing is running for `{pull.head_sha[:10]}`."]


def test_status_says_how_it_stands(world: World) -> None:
    pull = world.open_pull()

    world.say(pull, "/nbci status")
    world.tell(pull.event("opened"))
    world.say(pull, "/nbci status")
    world.finish(world.open[0], a=Outcome.PASSED, b=Outcome.FAILED)
    world.say(pull, "/nbci status")

    head = f"`{pull.head_sha[:10]}`"
    assert world.replies(pull) == [
        f"Nothing was run for {head} yet.",
        f"{head}: Finding out which notebooks to run",
        f"{head}: 1 of 2 notebooks failed",
    ]


@pytest.mark.parametrize(
    ("words", "reply", "reaction"),
    [
        ("help", "begin a line of a comment with `/nbci`", "rocket"),
        ("rnu", "did you mean `run`?", "-1"),
        ("run --compute big", "There is no compute `big` here", "-1"),
        ("run --sha 0123456789", "The head has moved from `0123456789`", "-1"),
    ],
)
def test_other_words_are_answered(
    world: World, pull: Pull, words: str, reply: str, reaction: str
) -> None:
    comment = world.say(pull, f"/nbci {words}")

    assert reply in world.replies(pull)[0]
    assert world.reactions(comment) == ["eyes", reaction]
    assert world.open == []


@pytest.mark.parametrize("state", ["closed", "merged", "locked"])
def test_a_pull_request_that_is_over_is_not_run(world: World, pull: Pull, state: str) -> None:
    comment = world.repository.comment(pull, "/nbci run", "maria")
    if state == "locked":
        pull.locked = True
    else:
        pull.close(merged=state == "merged")

    world.tell(comment.event(), "issue_comment")

    assert state in world.replies(pull)[0]
    assert world.open == []


def test_a_push_after_the_comment_means_that_somebody_should_look_again(
    world: World, pull: Pull
) -> None:
    comment = world.repository.comment(pull, "/nbci run", "maria")
    comment.created_at = "2020-01-01T00:00:00Z"
    workflow = world.repository.add_workflow_run(world.push(pull))
    world.repository.add_job_check(workflow, "tests")

    world.tell(comment.event(), "issue_comment")

    assert "There was a push after your comment" in world.replies(pull)[0]
    assert world.open == []


def test_a_head_that_moves_while_the_command_is_looked_at_is_not_run(world: World) -> None:
    """Before each request in turn, somebody pushes, and another worker deals with that."""
    for moment in itertools.count():
        world.working.git("branch", f"feature-{moment}", "feature")
        pull = world.opened(f"feature-{moment}")
        seen = pull.head_sha
        comment = world.repository.comment(pull, f"/nbci run b.ipynb --sha {seen}", "maria")
        push_at(world, pull, moment)

        world.tell(comment.event(), "issue_comment")

        if pull.head_sha == seen:
            break
        of_pull = [row for row in world.reviews if row.number == pull.number]
        named = [row.head_sha for row in of_pull if row.review.request.notebooks]
        assert named in ([], [seen])
        assert heads([row for row in of_pull if row.is_open]) == [pull.head_sha]
        assert named or seen[:10] in world.replies(pull)[0]
    assert moment > 3


def push_at(world: World, pull: Pull, moment: int) -> None:
    """Have somebody push to *pull* before the request of that number from now is answered."""
    first = len(world.github.requests)

    def push(_: Request) -> None:
        if len(world.github.requests) > first + moment:
            world.github.hooks.clear()
            world.push(pull)
            world.tell(pull.event("synchronize"))

    world.github.before_request(push)


@pytest.mark.parametrize("words", ["run b.ipynb", "cancel", "status", "help", "rnu", "run failed"])
def test_a_command_whose_worker_was_killed_is_finished_once(world: World, words: str) -> None:
    pull = world.opened()
    comment = world.repository.comment(pull, f"/nbci {words}", "maria")
    first = world.tell(comment.event(), "issue_comment", guid="comment")
    before = (world.reasons, world.replies(pull), world.reactions(comment))

    for _ in range(2):
        world.forget_done("comment")
        again = world.take("comment")

    assert (first.state, again.state) == ("done", "done")
    assert (world.reasons, world.replies(pull), world.reactions(comment)) == before


def test_a_command_that_was_begun_is_finished_though_the_head_has_moved(world: World) -> None:
    pull = world.opened()
    comment = world.repository.comment(pull, "/nbci run b.ipynb", "maria")
    world.tell(comment.event(), "issue_comment", guid="comment")
    world.push(pull)
    world.tell(pull.event("synchronize"))

    world.forget_done("comment")
    world.take("comment")

    assert world.replies(pull) == []
    assert heads(world.open) == [pull.head_sha]


def test_a_cancellation_does_not_end_what_was_begun_after_it(world: World) -> None:
    pull = world.opened()
    comment = world.repository.comment(pull, "/nbci cancel", "maria")
    world.tell(comment.event(), "issue_comment", guid="cancel")
    world.settle()
    world.say(pull, "/nbci run")

    world.tell(comment.event(), "issue_comment", guid="cancel")

    assert len(world.open) == 1


@pytest.mark.parametrize("kind", ["502_after", "reset_after", "html"])
def test_a_reply_whose_answer_is_lost_is_written_once(world: World, kind: str, pull: Pull) -> None:
    world.github.fault(kind, method="POST", path=r"/comments$")  # type: ignore[arg-type]

    world.say(pull, "/nbci help")

    assert len(world.replies(pull)) == 1
