"""The App as it is set up on GitHub: what it may do, what it is told of, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.forges.github.app import GitHubApp

_LEVELS = ("none", "read", "write", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """The App: `page` is what the world sees of it, `events` are what its webhooks tell of.

    Our clock was `seconds_behind` GitHub's when GitHub said this.
    """

    slug: str
    page: str
    permissions: Mapping[str, str]
    events: frozenset[str]
    seconds_behind: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where the App's webhooks go, and how."""

    url: str
    content_type: str
    is_signed: bool
    checks_certificate: bool


def describe(app: GitHubApp) -> Description:
    """Return how the App is set up; raises what Api raises, and UsageError for a wrong key."""
    api = app.api()
    raw = api.get("/app")
    return Description(
        slug=str(raw.get("slug") or ""),
        page=str(raw.get("html_url") or ""),
        permissions=dict(raw.get("permissions") or {}),
        events=frozenset(raw.get("events") or ()),
        seconds_behind=api.seconds_behind,
    )


def webhook_of(app: GitHubApp) -> Webhook:
    """Return where the App's webhooks go.

    https://docs.github.com/rest/apps/webhooks#get-a-webhook-configuration-for-an-app
    """
    raw = app.api().get("/app/hook/config")
    return Webhook(
        url=str(raw.get("url") or ""),
        content_type=str(raw.get("content_type") or "form"),
        # GitHub shows asterisks in its place.
        is_signed=bool(raw.get("secret")),
        checks_certificate=str(raw.get("insecure_ssl") or "0") == "0",
    )


def lacking(given: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    """Return those of the *needed* permissions that are not *given*, or at a lower level.

    >>> lacking({"checks": "read", "contents": "write"}, {"checks": "write", "contents": "read"})
    {'checks': 'write'}
    """
    return {
        name: level
        for name, level in needed.items()
        if _LEVELS.index(given.get(name, "none")) < _LEVELS.index(level)
    }
