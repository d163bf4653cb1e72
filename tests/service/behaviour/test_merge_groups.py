"""Merge groups: what a merge queue is about to merge is reviewed like a pull request."""

from __future__ import annotations

from typing import Any

import pytest
from service.behaviour.test_buttons import check_of, press
from service.behaviour.world import World


@pytest.fixture
def group(world: World) -> dict[str, Any]:
    return world.repository.merge_group_event(world.open_pull())


def test_a_merge_group_is_reviewed_once(world: World, group: dict[str, Any]) -> None:
    for _ in range(2):
        world.tell(group, "merge_group")

    (review,) = world.open
    told = group["merge_group"]
    assert (review.number, review.ref) == (None, told["head_ref"])
    assert (review.head_sha, review.review.request.base) == (told["head_sha"], told["base_sha"])


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1, 0, 1)])
def test_a_merge_group_that_is_destroyed_is_not_reviewed_any_more(
    world: World, group: dict[str, Any], order: tuple[int, ...]
) -> None:
    events = (group, {**group, "action": "destroyed", "reason": "dequeued"})

    for number in order:
        world.tell(events[number], "merge_group")

    assert world.reasons == ["the merge group was dissolved"]


def test_a_merge_group_is_run_again(world: World, group: dict[str, Any]) -> None:
    world.tell(group, "merge_group")
    world.finish(world.open[0])

    press(world, check_of(world, world.reviews[0]), "rerun")

    (review,) = world.open
    assert review.number is None
    assert review.attempt == 2
