"""Pull requests: what is reviewed, what is given up, in whichever order webhooks come."""

from __future__ import annotations

import itertools

import pytest
from fakes.github import Request
from service.behaviour.world import World, heads

from bot.model import Outcome


def test_a_pull_request_that_is_opened_is_reviewed(world: World) -> None:
    pull = world.open_pull()

    told = world.tell(pull.event("opened"))

    (review,) = world.open
    assert told.state == "done"
    assert (review.number, review.ref, review.base_ref) == (1, "refs/pull/1", "main")
    assert review.review.request.head == pull.head_sha
    assert review.review.request.base == pull.base_sha
    assert review.attempt == 1


@pytest.mark.parametrize("action", ["synchronize", "reopened", "ready_for_review", "closed"])
def test_whichever_event_tells_of_it_the_pull_request_is_reviewed(
    world: World, action: str
) -> None:
    world.tell(world.open_pull().event(action))

    assert len(world.open) == 1


def test_the_same_is_told_again_and_again_and_reviewed_once(world: World) -> None:
    pull = world.opened()

    for action in ("opened", "synchronize", "reopened", "ready_for_review"):
        world.tell(pull.event(action))
    world.finish(world.open[0])
    world.tell(pull.event("synchronize"))

    assert len(world.reviews) == 1


def test_a_push_gives_up_the_review_of_the_head_before(world: World) -> None:
    pull = world.opened()
    before = pull.head_sha
    after = world.push(pull)

    world.tell(pull.event("synchronize"))

    assert heads(world.reviews) == [before, after]
    assert world.reasons == [f"superseded by {after[:10]}", None]


def test_a_review_that_has_ended_is_not_touched_by_a_push(world: World) -> None:
    pull = world.opened()
    world.finish(world.open[0])
    world.push(pull)

    world.tell(pull.event("synchronize"))

    assert world.reasons == [None, None]


@pytest.mark.parametrize("is_merged", [False, True])
def test_a_pull_request_that_is_closed_has_its_reviews_given_up(
    world: World, is_merged: bool
) -> None:
    pull = world.opened()
    pull.close(merged=is_merged)

    world.tell(pull.event("closed"))

    assert world.reasons == [f"the pull request was {'merged' if is_merged else 'closed'}"]


def test_a_closed_pull_request_that_is_told_of_late_is_not_reviewed(world: World) -> None:
    pull = world.open_pull()
    opened = pull.event("opened")
    pull.close()

    world.tell(pull.event("closed"))
    world.tell(opened)

    assert world.reviews == []


def test_a_reopened_pull_request_is_reviewed_where_that_was_cut_short(world: World) -> None:
    pull = world.opened()
    pull.close()
    world.tell(pull.event("closed"))
    world.settle()
    pull.reopen()

    world.tell(pull.event("reopened"))

    (review,) = world.open
    assert review.attempt == 2


def test_a_reopened_pull_request_keeps_the_result_that_it_has(world: World) -> None:
    pull = world.opened()
    world.finish(world.open[0], a=Outcome.FAILED)
    pull.close()
    world.tell(pull.event("closed"))
    pull.reopen()

    world.tell(pull.event("reopened"))

    assert len(world.reviews) == 1


@pytest.mark.parametrize("is_settled", [False, True])
def test_a_head_that_comes_back_is_reviewed_where_that_was_cut_short(
    world: World, is_settled: bool
) -> None:
    pull = world.opened()
    first = pull.head_sha
    world.push(pull)
    world.tell(pull.event("synchronize"))
    if is_settled:
        world.settle()
    world.push_back(pull, first)

    world.tell(pull.event("synchronize"))

    assert heads(world.open) == [first]
    assert world.open[0].attempt == 2


def test_a_head_that_comes_back_keeps_the_result_that_it_has(world: World) -> None:
    pull = world.opened()
    first = pull.head_sha
    world.finish(world.open[0])
    world.push(pull)
    world.tell(pull.event("synchronize"))
    world.push_back(pull, first)

    world.tell(pull.event("synchronize"))

    assert world.open == []
    assert len(world.reviews) == 2


def test_what_somebody_has_cancelled_is_not_begun_again(world: World) -> None:
    pull = world.opened()
    world.say(pull, "/nbci cancel")
    world.settle()

    world.tell(pull.event("synchronize"))

    assert world.reasons == ["cancelled by maria"]


def test_another_base_is_another_review(world: World) -> None:
    pull = world.opened()
    pull.retarget("other")

    world.tell(pull.event("edited", base={"ref": {"from": "main"}, "sha": {"from": pull.base_sha}}))

    assert [row.base_ref for row in world.reviews] == ["main", "other"]
    assert world.reasons == ["the pull request is now for other", None]
    assert [row.attempt for row in world.reviews] == [1, 2]


def test_another_title_is_nothing_to_do(world: World) -> None:
    pull = world.open_pull()

    told = world.tell(pull.event("edited", title={"from": "Before"}))

    assert told.state == "ignored"
    assert world.asked("pulls") == 0


@pytest.mark.parametrize("action", ["labeled", "assigned", "locked"])
def test_other_events_are_nothing_to_do(world: World, action: str) -> None:
    told = world.tell(world.open_pull().event(action))

    assert told.state == "ignored"
    assert world.reviews == []


def history(world: World) -> tuple[list[dict[str, object]], str]:
    """Let a pull request live a life; return the events of it, and its last head."""
    pull = world.open_pull()
    first = pull.head_sha
    events = [pull.event("opened")]
    world.push(pull)
    events.append(pull.event("synchronize"))
    pull.close()
    events.append(pull.event("closed"))
    pull.reopen()
    events.append(pull.event("reopened"))
    world.push_back(pull, first)
    events.append(pull.event("synchronize"))
    return events, first


def test_webhooks_that_come_late_lead_to_the_same_in_any_order(world: World) -> None:
    events, last = history(world)
    wanted = {(last, "main", 1)}

    for order in itertools.islice(itertools.permutations(events), 0, 120, 17):
        for event in (*order, order[0]):
            world.tell(event)

        found = {(row.head_sha, row.base_ref, row.attempt) for row in world.open}
        assert found == wanted
    assert len(world.reviews) == 1


def test_a_webhook_before_github_knows_is_tried_again(world: World) -> None:
    pull = world.open_pull()
    event = pull.event("opened")
    event["pull_request"]["updated_at"] = "2036-01-01T00:00:00Z"

    told = world.tell(event, guid="early")

    assert (told.state, told.attempts) == ("waiting", 1)
    assert told.try_again_at.timestamp() > world.clock()
    assert world.reviews == []


def test_a_pull_request_that_is_not_found_yet_is_tried_again(world: World) -> None:
    pull = world.open_pull()
    world.github.fault("not_found", path=r"/pulls/\d+$", times=5)

    told = world.tell(pull.event("opened"), guid="early")
    again = world.take("early")

    assert told.state == "waiting"
    assert again.state == "done"
    assert heads(world.open) == [pull.head_sha]


def test_an_answer_of_github_that_others_have_overtaken_is_not_acted_on(world: World) -> None:
    """While one worker waits for an answer, a push comes, and another worker deals with it."""
    pull = world.opened()
    before = pull.head_sha
    looks = itertools.count()

    def interfere(request: Request) -> None:
        if not request.path.endswith(f"/pulls/{pull.number}"):
            return
        match next(looks):
            case 0:
                after.append(world.push(pull))
                world.tell(pull.event("synchronize"))
                pull.head_sha = before
            case 2:
                pull.head_sha = after[0]

    after: list[str] = []
    world.github.before_request(interfere)
    world.tell(pull.event("ready_for_review"))

    assert next(looks) == 3
    assert heads(world.reviews) == [before, *after]
    assert heads(world.open) == after


def test_each_of_many_pull_requests_costs_one_request(world: World) -> None:
    world.opened()
    before = len(world.github.requests)

    for number in range(6):
        world.working.git("branch", f"flood-{number}", "feature")
        pull = world.open_pull(f"flood-{number}")
        for action in ("opened", "labeled", "edited"):
            world.tell(pull.event(action))

    assert len(world.github.requests) - before == 6
