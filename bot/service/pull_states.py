"""How pull requests stand, as it was last read from GitHub, and deciding about one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from bot.errors import Unanswered
from bot.forges.github.events import PullRequest
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.tables import pull_requests

_T = TypeVar("_T")

_MOST_TRIES = 10

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('nbci pull ' || :pull, :repository))")

Act = Callable[[Connection, PullRequest, bool], _T]
"""Decides about a pull request as it stands now; true means that its head was let run."""


def ref_of(number: int) -> str:
    """Return how a pull request is called among git's refs."""
    return f"refs/pull/{number}"


def with_pull(
    engine: Engine,
    place: Place,
    number: int,
    act: Act[_T],
    *,
    check: Callable[[PullRequest], None] = lambda pull: None,
) -> _T:
    """Ask GitHub how a pull request stands, note it, and return what *act* does about it.

    One after the other gets to act, and nobody on an answer of GitHub's that is older than what
    another has acted on meanwhile: then GitHub is asked again. *check* is called with each answer
    before, without a transaction: what it raises is raised.

    Raises Unanswered where GitHub gives an older state than is known.
    """
    repository = engine.repository(place)
    for _ in range(_MOST_TRIES):
        with engine.database.begin() as connection:
            known = _known(connection, place.repository_id, number)
        pull = repository.pull_request(number)
        check(pull)
        with engine.database.begin() as connection:
            connection.execute(_LOCK, {"pull": str(number), "repository": place.repository_id})
            if _known(connection, place.repository_id, number) == known:
                _note(connection, place.repository_id, pull, known)
                return act(connection, pull, _is_approved(known, pull))
    raise Unanswered(f"pull request {number} changes faster than it can be looked at")


def approve(connection: Connection, repository_id: int, pull: PullRequest, login: str) -> None:
    """Note that *login*, who may, lets run the head of a pull request as it stands.

    The approval is of this commit for this branch to merge into. It stands until the next one.
    """
    connection.execute(
        update(pull_requests)
        .where(
            pull_requests.c.repository_id == repository_id, pull_requests.c.number == pull.number
        )
        .values(approved_sha=pull.head_sha, approved_base_ref=pull.base_ref, approved_by=login)
    )


def _known(connection: Connection, repository_id: int, number: int) -> Row[Any] | None:
    wanted = select(pull_requests).where(
        pull_requests.c.repository_id == repository_id, pull_requests.c.number == number
    )
    return connection.execute(wanted).first()


def _note(
    connection: Connection, repository_id: int, pull: PullRequest, known: Row[Any] | None
) -> None:
    if known and known.updated_at and pull.updated_at and pull.updated_at < known.updated_at:
        raise Unanswered(f"GitHub gives an old state of pull request {pull.number}")
    values = {
        "is_open": pull.state == "open",
        "head_sha": pull.head_sha,
        "base_ref": pull.base_ref,
        "updated_at": pull.updated_at,
    }
    key = {"repository_id": repository_id, "number": pull.number}
    row = insert(pull_requests).values(**key, **values)
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=values))


def _is_approved(known: Row[Any] | None, pull: PullRequest) -> bool:
    if known is None:
        return False
    return (known.approved_sha, known.approved_base_ref) == (pull.head_sha, pull.base_ref)
