"""The webhooks that GitHub has sent to the App, and sends again when asked to.

GitHub does not repeat by itself what was not taken:
https://docs.github.com/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import Unanswered
from bot.forges.github.app import GitHubApp

_PATH = "/app/hook/deliveries"
_OK = range(200, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """The newest try at a webhook that was not taken: its `id`, and the `guid` of all its tries.

    `at` is in seconds since the epoch. `status` is that of the answer, 0 where there was none, and
    `text` what GitHub says about it. `is_redelivery` is whether this try was asked for.
    """

    id: int
    guid: str
    at: float
    status: int
    text: str
    is_redelivery: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What GitHub has sent: how many webhooks were `taken`, and the `failed` ones, newest first.

    `is_asked_in_vain` is whether a webhook that was asked for has failed, and none was taken since.
    """

    taken: int
    failed: tuple[FailedDelivery, ...]
    is_asked_in_vain: bool


def sent_since(app: GitHubApp, since: float) -> Sent:
    """Return what became of the webhooks since a time, in seconds since the epoch.

    One is taken when any try at it was. Raises what Api raises.
    """
    taken: set[str] = set()
    failed: dict[str, FailedDelivery] = {}
    is_asked_in_vain = False
    for raw in app.api().following_pages(_PATH):
        one = _delivery(raw)
        if one.at < since:
            break
        if one.status in _OK:
            taken.add(one.guid)
        elif one.guid not in failed:
            failed[one.guid] = one
            is_asked_in_vain |= one.is_redelivery and not taken
    return Sent(
        taken=len(taken),
        failed=tuple(one for guid, one in failed.items() if guid not in taken),
        is_asked_in_vain=is_asked_in_vain,
    )


def redeliver(app: GitHubApp, failed: FailedDelivery) -> None:
    """Have GitHub send a webhook once more."""
    app.api().act("POST", f"{_PATH}/{failed.id}/attempts")


def _delivery(raw: dict[str, Any]) -> FailedDelivery:
    try:
        return FailedDelivery(
            id=int(raw["id"]),
            guid=str(raw["guid"]),
            at=datetime.fromisoformat(raw["delivered_at"]).timestamp(),
            status=int(raw.get("status_code") or 0),
            text=str(raw.get("status") or ""),
            is_redelivery=bool(raw.get("redelivery")),
        )
    except (KeyError, TypeError, ValueError):
        raise Unanswered(f"GET {_PATH}: GitHub's answer describes no delivery") from None
