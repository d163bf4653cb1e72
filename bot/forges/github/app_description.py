"""The App as it is set up on GitHub: what it may do, what it is told of, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.forges.github.app import GitHubApp

_LEVELS = ("none", "read", "write", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """The App: `page` is what the world sees of it, `settings_page` where its owner changes it.

    `events` are what its webhooks tell of.

    Our clock was `seconds_behind` GitHub's when GitHub said this.
    """

    slug: str
    page: str
    settings_page: str
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
    slug, page = str(raw.get("slug") or ""), str(raw.get("html_url") or "")
    return Description(
        slug=slug,
        page=page,
        settings_page=_settings_page(slug, page, raw.get("owner") or {}),
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


def _settings_page(slug: str, page: str, owner: Mapping[str, Any]) -> str:
    """Return where an App's settings are; the page itself, where that is not known.

    >>> _settings_page("n", "https://h/apps/n", {"type": "Organization", "login": "o"})
    'https://h/organizations/o/settings/apps/n'
    """
    end = f"/apps/{slug}"
    if not page.endswith(end):
        return page
    match owner:
        case {"type": "User"}:
            before = ""
        case {"type": "Organization", "login": str(login)}:
            before = f"/organizations/{login}"
        case _:
            return page
    return f"{page.removesuffix(end)}{before}/settings{end}"


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
