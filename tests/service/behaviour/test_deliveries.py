"""What becomes of a webhook: done, ignored, failed, or tried again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakes.github import event_names, payloads
from service.behaviour.world import World
from sqlalchemy import insert

from bot.service.deliveries import MOST_ATTEMPTS, take_delivery
from bot.service.tables import deliveries


def write_bytes(world: World, guid: str, event: str, payload: bytes) -> None:
    row = {"id": f"{world.repository.id}-{guid}", "event": event, "payload": payload}
    with world.engine.database.begin() as connection:
        connection.execute(insert(deliveries).values(row))


def test_what_is_done_is_not_done_again(world: World) -> None:
    pull = world.open_pull()
    world.tell(pull.event("opened"), guid="one")
    before = len(world.github.requests)

    again = world.take("one")

    assert (again.state, again.attempts) == ("done", 1)
    assert len(world.github.requests) == before


def test_a_delivery_that_is_not_known_is_nothing_to_do(world: World) -> None:
    take_delivery(world.engine, "never heard of")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("pull_request", b"\xff\xfe{"),
        ("pull_request", b"[" * 100_000),
        ("pull_request", b"[]"),
        ("pull_request", b'{"action": "opened", "pull_request": 7}'),
        ("issue_comment", b'{"action": "created"}'),
        ("installation", b'{"action": "created", "installation": "\\u0000"}'),
    ],
)
def test_what_github_does_not_send_fails_and_says_why(
    world: World, event: str, payload: bytes
) -> None:
    write_bytes(world, "odd", event, payload)

    told = world.take("odd")

    assert told.state == "failed"
    assert told.note


def examples() -> list[Any]:
    return [
        pytest.param(name, example, id=f"{name}-{number}")
        for name in event_names()
        for number, example in enumerate(payloads(name))
    ]


def test_all_that_github_sends_is_done_or_ignored(world: World) -> None:
    """None of GitHub's own examples is of a repository that we know."""
    for number, example in enumerate(examples()):
        name, payload = example.values
        write_bytes(world, f"example-{number}", name, json.dumps(payload).encode())

        told = world.take(f"example-{number}")

        assert told.state in ("done", "ignored"), (example.id, told.note)
    assert world.reviews == []


def test_a_limit_is_waited_for_and_counts_for_nothing(world: World) -> None:
    pull = world.opened()
    world.push(pull)
    world.github.fault("secondary_limit", path=r"/pulls/\d+$", retry_after=90)

    first = world.tell(pull.event("synchronize"), guid="limited")
    before = len(world.github.requests)
    second = world.take("limited")

    assert (first.state, first.attempts) == ("waiting", 0)
    assert first.try_again_at.timestamp() == pytest.approx(world.clock() + 90, abs=1)
    assert (second.state, second.attempts) == ("waiting", 0)
    assert len(world.github.requests) == before

    world.clock.now += 91
    assert world.take("limited").state == "done"
    assert [row.head_sha for row in world.open] == [pull.head_sha]


def test_what_is_not_answered_is_tried_at_growing_intervals_and_given_up(world: World) -> None:
    pull = world.opened()
    world.github.fault("502_before", path=r"/pulls/\d+$", times=999)
    told = world.tell(pull.event("synchronize"), guid="hopeless")
    pauses = []

    for _ in range(MOST_ATTEMPTS - 1):
        assert told.state == "waiting"
        pauses.append(round(told.try_again_at.timestamp() - world.clock()))
        told = world.take("hopeless")

    assert (told.state, told.attempts) == ("failed", MOST_ATTEMPTS)
    assert "502" in told.note
    assert pauses == sorted(pauses)
    assert 3600 < sum(pauses) < 3 * 3600


def test_what_brings_its_worker_down_is_given_up(world: World) -> None:
    """A try is counted before it is made."""
    pull = world.open_pull()
    world.write_down(pull.event("opened"), "pull_request", "deadly")
    with world.engine.database.begin() as connection:
        connection.execute(deliveries.update().values(attempts=MOST_ATTEMPTS))

    told = world.take("deadly")

    assert told.state == "failed"
    assert "given up" in told.note
    assert world.reviews == []
