"""The `github` and `runner` contexts, and the variables that steps get of them.

https://docs.github.com/actions/reference/workflows-and-actions/contexts
"""

from __future__ import annotations

from fakes.actions.values import Insensitive, as_contexts, as_text

# https://docs.github.com/actions/reference/workflows-and-actions/variables: not the token.
_EXPORTED = (
    "action", "action_path", "action_ref", "action_repository", "actor", "actor_id", "api_url",
    "base_ref", "event_name", "event_path", "graphql_url", "head_ref", "job", "ref", "ref_name",
    "ref_protected", "ref_type", "repository", "repository_id", "repository_owner",
    "repository_owner_id", "retention_days", "run_attempt", "run_id", "run_number", "server_url",
    "sha", "triggering_actor", "workflow", "workflow_ref", "workflow_sha", "workspace",
)  # fmt: skip


def github_context(runner, event_path):
    """Return the `github` context of a job."""
    event = runner.event
    pull_request = event.get("pull_request") or {}
    sender = event.get("sender") or {"login": "octocat", "id": 583231}
    owner = runner.repository.split("/")[0]
    ref_type, ref_name = _named(runner.ref)
    return Insensitive({
        "action": "",
        "actor": sender["login"],
        "actor_id": str(sender["id"]),
        "api_url": runner.api_url,
        "base_ref": (pull_request.get("base") or {}).get("ref", ""),
        "event": as_contexts(event),
        "event_name": runner.event_name,
        "event_path": str(event_path),
        "graphql_url": runner.api_url + "/graphql",
        "head_ref": (pull_request.get("head") or {}).get("ref", ""),
        "job": runner.job_id,
        "ref": runner.ref,
        "ref_name": ref_name,
        "ref_protected": "false",
        "ref_type": ref_type,
        "repository": runner.repository,
        "repository_id": str(runner.repository_id),
        "repository_owner": owner,
        "repository_owner_id": "1",
        "retention_days": "90",
        "run_attempt": str(runner.run_attempt),
        "run_id": str(runner.run_id),
        "run_number": "1",
        "server_url": runner.server_url,
        "sha": runner.sha,
        "token": runner.token,
        "triggering_actor": sender["login"],
        "workflow": runner.workflow,
        "workflow_ref": f"{runner.repository}/.github/workflows/notebooks.yml@{runner.ref}",
        "workflow_sha": runner.sha,
        "workspace": str(runner.workspace),
    })  # fmt: skip


def _named(ref):
    """Return the type of a ref and its short name, as GitHub gives them."""
    if ref.startswith("refs/tags/"):
        return "tag", ref.removeprefix("refs/tags/")
    return "branch", ref.removeprefix("refs/heads/").removeprefix("refs/")


def github_variables(github):
    """Return the variables that a step gets of its `github` context."""
    return {f"GITHUB_{name.upper()}": as_text(github.find(name)) for name in _EXPORTED}


def runner_context(temp, tools):
    """Return the `runner` context."""
    return Insensitive({
        "name": "runner 1",
        "os": "Linux",
        "arch": "X64",
        "temp": str(temp),
        "tool_cache": str(tools),
        "environment": "github-hosted",
        "debug": "",
    })  # fmt: skip


def runner_variables(runner):
    """Return the variables that a step gets of the `runner` context."""
    return {f"RUNNER_{name.upper()}": value for name, value in runner.items() if value}
