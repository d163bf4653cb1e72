"""From a webhook to what is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.forges.github.events import (
    CheckRunEvent,
    CheckSuiteEvent,
    CommentEvent,
    Event,
    InstallationEvent,
    MergeGroupEvent,
    PullRequestEvent,
    RepositoryEvent,
    UnknownEvent,
    installation_id_of,
    parse_event,
)
from bot.service.answering import answer
from bot.service.engine import Engine
from bot.service.installations import note_event
from bot.service.merge_groups import take_group
from bot.service.place import Place
from bot.service.pulls import look_at_pull
from bot.service.repositories import find_place, refresh
from bot.service.reruns import press

_PULL_ACTIONS = frozenset(
    {"opened", "synchronize", "reopened", "ready_for_review", "closed", "edited"}
)


def act(
    engine: Engine, delivery: str, name: str, payload: Mapping[str, Any], *, is_last_try: bool
) -> str | None:
    """Do what the webhook *name* asks for; return why there was nothing to do, else None.

    May be called again for the same delivery, and then goes on where it was interrupted. Raises
    UsageError for what GitHub does not send, and what it says to what it is asked.
    """
    try:
        event = parse_event(name, payload)
    except UnknownEvent as error:
        return str(error)
    if isinstance(event, InstallationEvent):
        note_event(engine, event)
        return None
    if isinstance(event, RepositoryEvent):
        refresh(engine, event.repository.id, event.repository.full_name)
        return None
    if reason := _why_nothing(event, payload):
        return reason
    installation_id = installation_id_of(payload)
    if installation_id is None or event.repository is None:
        return "the webhook is of no installation, or no repository"
    place = find_place(engine, event.repository, installation_id)
    if place is None:
        full_name = event.repository.full_name
        return f"{full_name} is not of installation {installation_id}, or that is suspended"
    return _act_at(engine, place, delivery, event, is_last_try=is_last_try)


def _why_nothing(event: Event, payload: Mapping[str, Any]) -> str | None:
    """Return why there is nothing to do, where that can be seen without asking GitHub."""
    match event:
        case PullRequestEvent(action="edited") if not _has_other_base(payload):
            return "neither the head nor the base of the pull request was changed"
        case PullRequestEvent(action=action) if action in _PULL_ACTIONS:
            return None
        case CommentEvent(action="created") | CheckSuiteEvent(action="rerequested"):
            return None
        case CheckRunEvent(action="rerequested" | "requested_action"):
            return None
        case MergeGroupEvent(action="checks_requested" | "destroyed"):
            return None
        case _:
            return f"nothing is done about a {type(event).__name__} of this kind"


def _has_other_base(payload: Mapping[str, Any]) -> bool:
    changes = payload.get("changes")
    return isinstance(changes, Mapping) and "base" in changes


def _act_at(
    engine: Engine, place: Place, delivery: str, event: Event, *, is_last_try: bool
) -> str | None:
    match event:
        case PullRequestEvent():
            look_at_pull(engine, place, event.pull_request.number, event.pull_request)
        case CommentEvent():
            return answer(engine, place, event, is_last_try=is_last_try)
        case CheckRunEvent() | CheckSuiteEvent():
            return press(engine, place, event, delivery)
        case MergeGroupEvent():
            take_group(engine, place, event)
    return None
