"""An app about itself: who it is, where it is installed, tokens, and its webhooks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from fakes.github import shapes
from fakes.github.answers import Refusal, Reply, not_found
from fakes.github.call import Call
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.installing import Delivered, Installation, InstalledApp

Json = dict[str, Any]


def _app(call: Call) -> InstalledApp:
    """Return the app whose JSON Web Token the call bears; no other token may do what it may."""
    if call.token is None or call.token.signer is None:
        raise Refusal(401, "A JSON web token could not be decoded")
    return call.token.signer


def get(call: Call) -> Json:
    signer = _app(call)
    shape = shapes.app(call.github, signer.app)
    return shape | {"events": list(signer.events), "permissions": signer.permissions}


def list_installations(call: Call) -> Reply:
    found = [one for one in _app(call).installations.values() if not one.removed]
    return call.listed(found, lambda one: _installation(call, one))


def get_installation(call: Call) -> Json:
    return _installation(call, _of_path(call))


def of_repository(call: Call) -> Json:
    signer = _app(call)
    repository = call.github.repositories.get(f"{call.path['owner']}/{call.path['repo']}")
    found = signer.installation_of(repository) if repository else None
    if found is None:
        raise not_found()
    return _installation(call, found)


def create_token(call: Call) -> Reply:
    signer = _app(call)
    token = signer.mint(_of_path(call), call.body)
    until = datetime.now(UTC) + timedelta(hours=1, seconds=call.github.clock_ahead)
    value = {
        "token": token.value,
        "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "permissions": token.permissions,
        "repository_selection": "selected",
    }
    return Reply(value, status=201)


def list_repositories(call: Call) -> Reply:
    if call.token is None or call.token.installation is None:
        raise Refusal(403, "You must authenticate with an installation access token")
    return call.counted("repositories", call.token.repositories, shapes.repository)


def from_manifest(call: Call) -> Reply:
    wanted = call.github.manifests.pop(call.path["code"], None)
    if wanted is None:
        raise not_found()
    made = call.github.make_app(str(wanted["name"]).lower().replace(" ", "-"))
    made.url = wanted["hook_attributes"]["url"]
    made.permissions = dict(wanted["default_permissions"])
    made.events = tuple(wanted["default_events"])
    shape = shapes.app(call.github, made.app)
    secrets = {
        "client_secret": "0123456789abcdef0123456789abcdef01234567",
        "pem": made.pem,
        "webhook_secret": made.secret,
    }
    return Reply(shape | secrets, status=201)


def hook_config(call: Call) -> Json:
    signer = _app(call)
    return {"url": signer.url, **signer.webhook}


def list_deliveries(call: Call) -> Reply:
    """Return a page, newest first; the cursor is the number of deliveries before it."""
    newest = list(reversed(_app(call).deliveries))
    size = min(int(call.query.get("per_page", 30)), 100)
    start = int((call.query.get("cursor") or "0").removeprefix("v1_"))
    headers = {}
    if start + size < len(newest):
        url = f"{call.github.api_url}/app/hook/deliveries"
        following = f"{url}?per_page={size}&cursor=v1_{start + size}"
        headers["Link"] = f'<{following}>; rel="next"'
    return Reply([_delivery(one) for one in newest[start : start + size]], headers=headers)


def redeliver(call: Call) -> Reply:
    signer = _app(call)
    found = [one for one in signer.deliveries if one.id == call.number("delivery_id")]
    if not found:
        raise not_found()
    call.github.later(partial(signer.send_again, found[0]))
    return Reply({}, status=202)


def _of_path(call: Call) -> Installation:
    found = _app(call).installations.get(call.number("installation_id"))
    if found is None or found.removed:
        raise not_found()
    return found


def _installation(call: Call, one: Installation) -> Json:
    return {
        "id": one.id,
        "account": shapes.account(call.github, one.account),
        "app_id": one.app.app.id,
        "app_slug": one.app.app.slug,
        "target_type": "Organization",
        "permissions": one.permissions,
        "repository_selection": "selected",
        "events": list(one.app.events),
        "suspended_at": call.github.now() if one.suspended else None,
        "suspended_by": None,
    }


def _delivery(one: Delivered) -> Json:
    repository = one.payload.get("repository") or {}
    installation = one.payload.get("installation") or {}
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": one.delivered_at,
        "redelivery": one.redelivery,
        "duration": 0.1,
        "status": "OK" if 200 <= one.status < 400 else f"Invalid HTTP Response: {one.status}",
        "status_code": one.status,
        "event": one.event,
        "action": one.payload.get("action"),
        "installation_id": installation.get("id"),
        "repository_id": repository.get("id"),
        "throttled_at": None,
    }


ENDPOINTS = {
    "apps/get-authenticated": Endpoint(get),
    "apps/list-installations": Endpoint(list_installations),
    "apps/get-installation": Endpoint(get_installation),
    "apps/get-repo-installation": Endpoint(of_repository),
    "apps/create-installation-access-token": Endpoint(create_token),
    "apps/list-repos-accessible-to-installation": Endpoint(list_repositories),
    "apps/create-from-manifest": Endpoint(from_manifest),
    "apps/get-webhook-config-for-app": Endpoint(hook_config),
    "apps/list-webhook-deliveries": Endpoint(list_deliveries),
    "apps/redeliver-webhook-delivery": Endpoint(redeliver),
}
