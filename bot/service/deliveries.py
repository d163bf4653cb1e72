"""What is done about a webhook, once it is written down."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update

from bot.errors import NbciError, TryLater, Unanswered
from bot.forges.github.api import Refused
from bot.forges.github.events import (
    CheckRunEvent,
    CheckSuiteEvent,
    CommentEvent,
    Event,
    InstallationEvent,
    MergeGroupEvent,
    PullRequestEvent,
    PushEvent,
    RepositoryEvent,
    UnknownEvent,
    installation_id_of,
    parse_event,
)
from bot.model import ReviewRequest
from bot.service.answering import answer, tell_unverified
from bot.service.engine import Engine
from bot.service.knowing import know, note_added, note_installation, note_removed
from bot.service.place import Place, place_of
from bot.service.pool import DatabaseAway
from bot.service.pulls import look_at_pull
from bot.service.reruns import run_again
from bot.service.store import NewReview, give_up, reviews_of, start_review
from bot.service.tables import deliveries, repositories

_log = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
_FIRST_PAUSE = 5.0
_MOST_PULLS = 100

_PULL_ACTIONS = frozenset(
    {"opened", "synchronize", "reopened", "ready_for_review", "closed", "edited"}
)


class Ignored(Exception):
    """There is nothing to do about a delivery, for the reason that the text says."""


def take_delivery(engine: Engine, delivery: str) -> None:
    """Do what a delivery asks for and note that it is done; without effect on one that is.

    What GitHub does not answer is tried again later, a few times. Raises nothing for what it says.
    """
    with engine.database.begin() as connection:
        wanted = select(deliveries.c.event, deliveries.c.payload, deliveries.c.attempts).where(
            deliveries.c.id == delivery, deliveries.c.state == "waiting"
        )
        row = connection.execute(wanted).first()
    if row is None:
        return
    try:
        _dealt_with(engine, delivery, row.event, row.payload, row.attempts + 1)
    except DatabaseAway:
        raise
    except Exception as error:  # noqa: BLE001 - one delivery's fault must not end the worker
        error_id = secrets.token_hex(4)
        _log.error("delivery %s: internal error %s", delivery, error_id, exc_info=error)
        note = f"internal error {error_id}: {type(error).__name__}"
        _failed(engine, delivery, row.attempts + 1, note)


def _dealt_with(engine: Engine, delivery: str, name: str, body: bytes, attempts: int) -> None:
    try:
        _act(engine, delivery, name, json.loads(body))
    except (Ignored, UnknownEvent) as reason:
        _end(engine, delivery, "ignored", str(reason))
    except TryLater as error:
        _again(engine, delivery, error.at, str(error))
    except DatabaseAway:
        raise
    except Unanswered as error:
        _failed(engine, delivery, attempts, str(error))
    except (NbciError, ValueError, RecursionError) as error:
        _end(engine, delivery, "failed", str(error))
    else:
        _end(engine, delivery, "done", "")


def _act(engine: Engine, delivery: str, name: str, payload: Mapping[str, Any]) -> None:
    event = parse_event(name, payload)
    if isinstance(event, InstallationEvent):
        _note_installation(engine, event)
        return
    installation_id = installation_id_of(payload)
    if installation_id is None:
        raise Ignored("the webhook came through no installation")
    if isinstance(event, RepositoryEvent) and event.action == "deleted":
        with engine.database.begin() as connection:
            note_removed(connection, (event.repository.id,))
        return
    _check_is_ours(event, payload)
    assert event.repository is not None
    if not know(engine, event.repository, installation_id):
        raise Ignored(f"{event.repository.full_name} is not of the installation {installation_id}")
    with engine.database.begin() as connection:
        place = place_of(connection, event.repository.id)
    _act_at(engine, place, delivery, event)


def _check_is_ours(event: Event, payload: Mapping[str, Any]) -> None:
    """Raise Ignored for what needs no look at GitHub to see that there is nothing to do."""
    match event:
        case PullRequestEvent(action=action) if action not in _PULL_ACTIONS:
            raise Ignored(f"nothing is done about a pull request that is {action}")
        case PullRequestEvent(action="edited") if "base" not in (payload.get("changes") or {}):
            raise Ignored("neither the head nor the base of the pull request was changed")
        case CheckRunEvent(action=action) if action not in ("rerequested", "requested_action"):
            raise Ignored(f"nothing is done about a check run that is {action}")
        case CheckSuiteEvent(action=action) if action != "rerequested":
            raise Ignored(f"nothing is done about a check suite that is {action}")
        case PushEvent():
            raise Ignored("nothing is done about pushes: their pull requests tell of them")


def _act_at(engine: Engine, place: Place, delivery: str, event: Event) -> None:
    match event:
        case PullRequestEvent():
            look_at_pull(engine, place, event.pull_request.number)
        case CommentEvent():
            _answer(engine, place, event)
        case CheckRunEvent() | CheckSuiteEvent():
            if reason := run_again(engine, place, event, delivery):
                raise Ignored(reason)
        case MergeGroupEvent():
            _review_group(engine, place, event)
        case RepositoryEvent():
            pass
        case _:
            raise Ignored(f"nothing is done about {type(event).__name__}")


def _answer(engine: Engine, place: Place, event: CommentEvent) -> None:
    try:
        reason = answer(engine, place, event)
    except Refused:
        tell_unverified(engine, place, event)
        raise
    if reason:
        raise Ignored(reason)


def _review_group(engine: Engine, place: Place, event: MergeGroupEvent) -> None:
    with engine.database.begin() as connection:
        if event.action == "checks_requested":
            request = ReviewRequest(
                repository=place.full_name,
                ref=event.head_ref,
                base=event.base_sha,
                head=event.head_sha,
            )
            new = NewReview(
                repository_id=place.repository_id,
                installation_id=place.installation_id,
                number=None,
                base_ref=event.base_ref,
                cause=f"group:{event.head_ref}:{event.head_sha}",
                request=request,
            )
            start_review(connection, new)
            return
        for review in reviews_of(connection, place.repository_id, event.head_ref):
            if review.is_open:
                give_up(connection, review.id, f"the merge group was {event.action}")


def _note_installation(engine: Engine, event: InstallationEvent) -> None:
    is_suspended, is_removed = event.action == "suspend", event.action == "deleted"
    with engine.database.begin() as connection:
        if event.added or event.removed:
            note_added(connection, event.added)
            note_removed(connection, event.removed)
        else:
            note_installation(
                connection,
                event.installation_id,
                event.account,
                is_suspended=is_suspended,
                is_removed=is_removed,
            )
    engine.app.forget(event.installation_id)
    if event.action in ("unsuspend", "added"):
        _look_at_all(engine, event)


def _look_at_all(engine: Engine, event: InstallationEvent) -> None:
    """Look at the pull requests that nobody has told of while nbci could not be told."""
    wanted = select(repositories.c.id).where(
        repositories.c.installation_id == event.installation_id,
        repositories.c.removed_at.is_(None),
    )
    if event.added:
        wanted = wanted.where(repositories.c.id.in_(event.added))
    with engine.database.begin() as connection:
        ids = connection.execute(wanted).scalars().all()
        places = [place_of(connection, repository_id) for repository_id in ids]
    looked = 0
    for place in places:
        for number in engine.repository(place).open_pull_requests():
            if looked < _MOST_PULLS:
                look_at_pull(engine, place, number)
                looked += 1


def _end(engine: Engine, delivery: str, state: str, note: str) -> None:
    level = logging.WARNING if state == "failed" else logging.INFO
    _log.log(level, "delivery %s is %s: %s", delivery, state, note)
    _set(engine, delivery, {"state": state, "note": note[:2000], "done_at": func.now()})


def _again(engine: Engine, delivery: str, at: float, note: str) -> None:
    _log.info("delivery %s waits: %s", delivery, note)
    _set(engine, delivery, {"note": note[:2000], "try_again_at": func.to_timestamp(at)})


def _failed(engine: Engine, delivery: str, attempts: int, note: str) -> None:
    """Note that nothing came of it this time, and when it is to be tried again, if ever."""
    if attempts >= MOST_ATTEMPTS:
        _end(engine, delivery, "failed", note)
        return
    _set(engine, delivery, {"attempts": attempts})
    _again(engine, delivery, engine.clock() + _FIRST_PAUSE * 2**attempts, note)


def _set(engine: Engine, delivery: str, values: Mapping[str, object]) -> None:
    with engine.database.begin() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery, deliveries.c.state == "waiting")
            .values({name: _clean(value) for name, value in values.items()})
        )


def _clean(value: object) -> object:
    """Return a text without what PostgreSQL cannot store."""
    return value.replace("\0", "\\0") if isinstance(value, str) else value
