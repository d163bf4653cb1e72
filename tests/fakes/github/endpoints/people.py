"""Who somebody is, and what they may do."""

from __future__ import annotations

from typing import Any

from fakes.github import shapes
from fakes.github.answers import Refusal, not_found
from fakes.github.call import Call
from fakes.github.endpoints.permissions import Endpoint

_LEGACY = {"maintain": "write", "triage": "read"}


def get_authenticated(call: Call) -> dict[str, Any]:
    who = call.account
    if call.token and call.token.app:
        raise Refusal(403, "Resource not accessible by integration")
    return {**shapes.account(call.github, who), "user_view_type": "public"}


def get_permission(call: Call) -> dict[str, Any]:
    """Answer with the role, and with the older word that knows no maintain and triage."""
    if call.token is None:
        raise Refusal(401, "Requires authentication")
    login = call.path["username"]
    names = {name.lower(): name for name in call.github.accounts}
    if login.lower() not in names:
        raise not_found()
    login = names[login.lower()]
    role = call.repository.role(login)
    permission = _LEGACY.get(role, role)
    return {
        "permission": permission,
        "role_name": role,
        "user": {**shapes.account(call.github, call.github.account(login)), "role_name": role},
    }


def get_rate_limit(call: Call) -> dict[str, Any]:
    used = len(call.github.requests)
    rate = {"limit": 5000, "used": used, "remaining": max(5000 - used, 0), "reset": 1_900_000_000}
    return {"resources": {"core": rate, "search": rate}, "rate": rate}


ENDPOINTS = {
    "users/get-authenticated": Endpoint(get_authenticated),
    "repos/get-collaborator-permission-level": Endpoint(get_permission, "metadata=read"),
    "rate-limit/get": Endpoint(get_rate_limit),
}
