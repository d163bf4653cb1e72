"""A GitHub App made from a manifest, in two clicks of a person.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from bot.errors import ForgeError
from bot.forges.github.api import Api
from bot.forges.github.app import PERMISSIONS

EVENTS = ("check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "repository")
"""What the bot is told of; of installations every App is told."""

NEEDED: Mapping[str, str] = {**PERMISSIONS, "merge_queues": "read"}
"""The App's permissions: beside those of its tokens, what GitHub asks for to tell of merge queues.
https://docs.github.com/webhooks/webhook-events-and-payloads#merge_group
"""


@dataclass(frozen=True, slots=True)
class NewApp:
    """An App that was just made: what nobody will be shown again."""

    id: int
    slug: str
    page: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


def manifest(name: str, public_url: str, redirect_url: str) -> str:
    """Return the JSON that says what App is to be made, with what permissions and events."""
    return json.dumps(
        {
            "name": name,
            "url": public_url,
            "description": "Runs the Jupyter notebooks that a pull request affects.",
            "hook_attributes": {"url": f"{public_url}/webhook", "active": True},
            "redirect_url": redirect_url,
            "public": False,
            "default_permissions": dict(NEEDED),
            "default_events": list(EVENTS),
        }
    )


def form_address(server_url: str, organization: str | None, state: str) -> str:
    """Return where a browser is to send the manifest, for an organisation or the person's own."""
    owner = f"/organizations/{quote(organization, safe='')}" if organization else ""
    return f"{server_url}{owner}/settings/apps/new?state={quote(state, safe='')}"


def app_from(api_url: str, code: str) -> NewApp:
    """Return the App that GitHub has made, for the code that the browser brings back.

    The code is good once, and for an hour. Raises what Api raises.
    """
    path = f"/app-manifests/{quote(code, safe='')}/conversions"
    made = Api(api_url, None).write("POST", path, {})
    try:
        return NewApp(
            id=int(made["id"]),
            slug=str(made["slug"]),
            page=str(made["html_url"]),
            private_key=str(made["pem"]),
            webhook_secret=str(made["webhook_secret"]),
        )
    except (KeyError, TypeError, ValueError):
        raise ForgeError(f"POST {path}: GitHub's answer describes no App") from None
