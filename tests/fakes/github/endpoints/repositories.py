"""Repositories themselves."""

from __future__ import annotations

from typing import Any

from fakes.github import shapes
from fakes.github.call import Call
from fakes.github.endpoints.permissions import Endpoint


def get(call: Call) -> dict[str, Any]:
    found = call.repository
    value = shapes.repository(found)
    if call.token:
        role = found.role(call.token.account.login)
        value["permissions"] = {
            "admin": role == "admin",
            "maintain": role in ("admin", "maintain"),
            "push": call.token.may("contents", "write", found),
            "triage": role in ("admin", "maintain", "write", "triage"),
            "pull": True,
        }
    if found.parent:
        value["parent"] = value["source"] = shapes.repository(found.parent)
    return value


ENDPOINTS = {
    "repos/get": Endpoint(get, "metadata=read"),
}
