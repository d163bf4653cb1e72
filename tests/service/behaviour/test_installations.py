"""Where the App may work changes: repositories have ids, and the rest is read back from GitHub."""

from __future__ import annotations

from typing import Any

import pytest
from fakes.github import Pull, payloads
from service.behaviour.world import World
from sqlalchemy import Row, select

from bot.service.place import place_of
from bot.service.tables import repositories


def installation_event(world: World, action: str, **more: Any) -> tuple[dict[str, Any], str]:
    """Return an `installation` event, or `installation_repositories` for added and removed."""
    name = "installation_repositories" if action in ("added", "removed") else "installation"
    made = next(one for one in payloads(name) if one["action"] == action)
    account = {"login": world.repository.owner, "id": 1, "type": "Organization"}
    made["installation"] = {"id": world.installation.id, "account": account}
    ids = [{"id": world.repository.id, "name": "x", "full_name": "y/x", "private": False}]
    made |= {"repositories": ids, f"repositories_{action}": ids, **more}
    return made, name


def repository_event(world: World, action: str) -> dict[str, Any]:
    event = world.repository.push_event()
    return {"action": action, "repository": event["repository"], "sender": event["sender"]}


def place(world: World) -> Row[Any]:
    with world.engine.database.begin() as connection:
        wanted = select(repositories).where(repositories.c.id == world.repository.id)
        return connection.execute(wanted).one()


def is_reachable(world: World) -> bool:
    with world.engine.database.begin() as connection:
        return place_of(connection, world.repository.id).is_reachable


def rename(world: World, name: str) -> None:
    """Give the repository another name, under which alone this GitHub knows it then."""
    del world.github.repositories[world.repository.full_name]
    world.repository.full_name = name
    world.github.repositories[name] = world.repository


@pytest.fixture
def pull(world: World) -> Pull:
    return world.opened()


def test_an_installation_that_has_not_the_repository_is_not_believed(world: World) -> None:
    other = world.app.install(world.github.add_repository(f"beta/other-{world.repository.id}"))
    pull = world.open_pull()

    told = world.tell({**pull.event("opened"), "installation": {"id": other.id}})

    assert told.state == "ignored"
    assert f"not of installation {other.id}" in told.note
    assert world.reviews == []


def test_a_name_that_is_another_repositorys_is_not_believed(world: World) -> None:
    event = world.open_pull().event("opened")
    event["repository"]["id"] += 100_000

    told = world.tell(event)

    assert told.state == "ignored"
    assert world.reviews == []


@pytest.mark.usefixtures("pull")
def test_what_is_known_costs_no_request(world: World) -> None:
    before = world.asked("/installation")

    world.tell(world.repository.pull(1).event("synchronize"))

    assert world.asked("/installation") == before


@pytest.mark.usefixtures("pull")
def test_a_suspended_installation_is_left_alone(world: World) -> None:
    world.installation.suspended = True

    world.tell(*installation_event(world, "suspend"))
    before = world.asked("pulls")
    told = world.tell(world.repository.pull(1).event("synchronize"))

    assert world.reasons == ["nbci was suspended"]
    assert not is_reachable(world)
    assert told.state == "ignored"
    assert world.asked("pulls") == before


def test_pull_requests_are_looked_at_when_the_installation_is_back(
    world: World, pull: Pull
) -> None:
    world.installation.suspended = True
    world.tell(*installation_event(world, "suspend"))
    world.settle()
    head = world.push(pull)
    world.installation.suspended = False

    world.tell(*installation_event(world, "unsuspend"))

    assert is_reachable(world)
    assert [row.head_sha for row in world.open] == [head]


@pytest.mark.usefixtures("pull")
def test_a_review_that_a_suspension_cut_short_is_begun_again(world: World) -> None:
    world.installation.suspended = True
    world.tell(*installation_event(world, "suspend"))
    world.settle()
    world.installation.suspended = False

    world.tell(*installation_event(world, "unsuspend"))

    assert world.reasons == ["nbci was suspended", None]


@pytest.mark.parametrize("is_suspended", [False, True])
@pytest.mark.usefixtures("pull")
def test_how_an_installation_stands_does_not_depend_on_the_order(
    world: World, is_suspended: bool
) -> None:
    world.installation.suspended = is_suspended

    for action in ("suspend", "unsuspend", "new_permissions_accepted", "suspend"):
        world.tell(*installation_event(world, action))

    assert is_reachable(world) is not is_suspended


@pytest.mark.usefixtures("pull")
def test_an_installation_that_is_gone_has_its_reviews_given_up(world: World) -> None:
    world.installation.removed = True

    told = world.tell(*installation_event(world, "deleted"))
    again = world.tell(world.repository.pull(1).event("synchronize"))

    assert (told.state, again.state) == ("done", "ignored")
    assert world.reasons == ["nbci was removed"]
    assert not is_reachable(world)


@pytest.mark.usefixtures("pull")
def test_an_app_that_is_installed_anew_goes_on(world: World) -> None:
    world.installation.removed = True
    world.tell(*installation_event(world, "deleted"))
    world.settle()
    world.installation = world.app.install(world.repository)

    world.tell(*installation_event(world, "created"))

    assert place(world).installation_id == world.installation.id
    assert len(world.open) == 1


@pytest.mark.usefixtures("pull")
def test_a_repository_that_is_taken_out_and_put_back(world: World) -> None:
    world.installation.repositories.clear()
    world.tell(*installation_event(world, "removed"))
    reasons, was_reachable = world.reasons, is_reachable(world)
    world.settle()
    world.installation.repositories.append(world.repository)

    world.tell(*installation_event(world, "added"))

    assert (reasons, was_reachable) == (["nbci was removed"], False)
    assert is_reachable(world)
    assert len(world.open) == 1


@pytest.mark.usefixtures("pull")
def test_a_late_word_of_a_removal_changes_nothing(world: World) -> None:
    world.tell(*installation_event(world, "removed"))

    assert is_reachable(world)
    assert len(world.open) == 1


@pytest.mark.parametrize("action", ["renamed", "transferred", "edited", "privatized"])
@pytest.mark.usefixtures("pull")
def test_a_repository_is_the_same_under_another_name(world: World, action: str) -> None:
    before = repository_event(world, "edited")
    name = f"acme/new-{world.repository.id}"
    rename(world, name)
    world.repository.private = True

    world.tell(repository_event(world, action), "repository")
    world.tell(before, "repository")

    assert (place(world).full_name, place(world).private) == (name, True)
    assert len(world.open) == 1


def test_any_event_may_be_the_first_to_tell_of_another_name(world: World, pull: Pull) -> None:
    before = pull.event("synchronize")
    name = f"acme/newer-{world.repository.id}"
    rename(world, name)
    world.push(pull)

    told = [world.tell(event).state for event in (pull.event("synchronize"), before)]

    assert told == ["done", "done"]
    assert place(world).full_name == name
    assert [row.head_sha for row in world.open] == [pull.head_sha]


@pytest.mark.usefixtures("pull")
def test_a_repository_that_moves_to_another_installation(world: World) -> None:
    world.installation.repositories.clear()
    rename(world, f"beta/moved-{world.repository.id}")
    other = world.app.install(world.repository)

    world.tell(repository_event(world, "transferred"), "repository")

    assert place(world).installation_id == other.id
    assert len(world.open) == 1


@pytest.mark.usefixtures("pull")
def test_a_repository_that_moves_to_where_the_app_is_not(world: World) -> None:
    world.installation.repositories.clear()
    rename(world, f"gamma/moved-{world.repository.id}")

    world.tell(repository_event(world, "transferred"), "repository")

    assert not is_reachable(world)
    assert world.reasons == ["nbci was removed"]


@pytest.mark.usefixtures("pull")
def test_a_repository_that_is_deleted(world: World) -> None:
    event = repository_event(world, "deleted")
    del world.github.repositories[world.repository.full_name]

    world.tell(event, "repository")

    assert not is_reachable(world)
    assert world.reasons == ["nbci was removed"]
