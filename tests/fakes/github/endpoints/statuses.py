"""Commit statuses."""

from __future__ import annotations

from typing import Any

from fakes.github import shapes
from fakes.github.answers import Reply, invalid
from fakes.github.call import Call
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.records import Status

_DESCRIPTION_CHARACTERS = 140


def create(call: Call) -> Reply:
    sha, body = call.path["sha"], call.body
    if not call.repository.store.has(sha):
        raise invalid(f"No commit found for SHA: {sha}")
    if len(body.get("description") or "") > _DESCRIPTION_CHARACTERS:
        raise invalid("Validation Failed: description is too long (maximum is 140 characters)")
    status = Status(
        id=call.github.new_id("status"),
        sha=sha,
        account=call.account,
        state=body["state"],
        context=body.get("context", "default"),
        description=body.get("description"),
        target_url=body.get("target_url"),
        created_at=call.github.now(),
    )
    call.repository.all_statuses.append(status)
    return Reply(_shape(call, status), 201)


def list_(call: Call) -> Reply:
    found = list(reversed(call.repository.statuses(call.commit("ref"))))
    return call.listed(found, lambda status: _shape(call, status))


def get_combined(call: Call) -> Reply:
    """Answer with the latest status of each context, and what they come to."""
    sha = call.commit("ref")
    latest = {status.context: status for status in call.repository.statuses(sha)}
    page, headers = call.page(list(latest.values()))
    value = {
        "sha": sha,
        "state": _combined({status.state for status in latest.values()}),
        "total_count": len(latest),
        "statuses": [_shape(call, status) for status in page],
        "repository": shapes.repository(call.repository),
        "url": f"{shapes.api_url(call.repository)}/commits/{sha}/status",
        "commit_url": f"{shapes.api_url(call.repository)}/commits/{sha}",
    }
    return Reply(value, headers=headers)


def _combined(states: set[str]) -> str:
    if states & {"error", "failure"}:
        return "failure"
    return "success" if states == {"success"} else "pending"


def _shape(call: Call, status: Status) -> dict[str, Any]:
    return {
        "id": status.id,
        "node_id": shapes.node_id("SC", status.id),
        "url": f"{shapes.api_url(call.repository)}/statuses/{status.sha}",
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": status.target_url,
        "creator": shapes.account(call.github, status.account),
        "created_at": status.created_at,
        "updated_at": status.created_at,
    }


ENDPOINTS = {
    "repos/create-commit-status": Endpoint(create, "statuses=write"),
    "repos/list-commit-statuses-for-ref": Endpoint(list_, "statuses=read"),
    "repos/get-combined-status-for-ref": Endpoint(get_combined, "statuses=read"),
}
