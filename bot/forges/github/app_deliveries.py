"""The webhooks that GitHub has sent to the App, and sends again when asked to.

GitHub does not repeat by itself what was not taken:
https://docs.github.com/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.forges.github.app import GitHubApp

_OK = range(200, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """The newest try at a webhook that was not taken: its `id`, and the `guid` of all its tries.

    `at` is in seconds since the epoch.
    """

    id: int
    guid: str
    at: float


def failed_deliveries(app: GitHubApp, since: float) -> Iterator[FailedDelivery]:
    """Yield the webhooks since a time, in seconds since the epoch, of which no try was taken.

    The newest come first. Raises what Api raises.
    """
    taken: set[str] = set()
    failed: dict[str, FailedDelivery] = {}
    for raw in app.api().following_pages("/app/hook/deliveries"):
        at = _moment(raw)
        if at < since:
            break
        guid = str(raw.get("guid"))
        if raw.get("status_code") in _OK:
            taken.add(guid)
        elif guid not in failed:
            failed[guid] = FailedDelivery(id=int(raw["id"]), guid=guid, at=at)
    yield from (one for guid, one in failed.items() if guid not in taken)


def redeliver(app: GitHubApp, failed: FailedDelivery) -> None:
    """Have GitHub send a webhook once more."""
    app.api().act("POST", f"/app/hook/deliveries/{failed.id}/attempts")


def _moment(raw: dict[str, Any]) -> float:
    return datetime.fromisoformat(str(raw.get("delivered_at"))).timestamp()
