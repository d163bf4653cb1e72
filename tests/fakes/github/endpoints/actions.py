"""Runs of GitHub Actions."""

from __future__ import annotations

from typing import Any

from fakes.github import shapes
from fakes.github.answers import Refusal, Reply, not_found
from fakes.github.call import Call
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.records import WorkflowRun


def list_(call: Call) -> Reply:
    query = call.query
    found = [
        run
        for run in reversed(call.repository.workflow_runs.values())
        if query.get("event") in (None, run.event)
        and query.get("head_sha") in (None, run.head_sha)
        and query.get("branch") in (None, run.head_branch)
        and query.get("actor") in (None, run.account.login)
        and query.get("status") in (None, run.status, run.conclusion)
    ]
    return call.counted("workflow_runs", found, lambda run: _shape(call, run))


def get(call: Call) -> dict[str, Any]:
    return _shape(call, _find(call))


def cancel(call: Call) -> Reply:
    run = _find(call)
    if run.status == "completed":
        raise Refusal(409, "Cannot cancel a workflow run that is completed.")
    run.status, run.conclusion = "completed", "cancelled"
    return Reply({}, 202)


def _find(call: Call) -> WorkflowRun:
    found = call.repository.workflow_runs.get(call.number("run_id"))
    if found is None:
        raise not_found()
    return found


def _shape(call: Call, run: WorkflowRun) -> dict[str, Any]:
    repository = call.repository
    url = f"{shapes.api_url(repository)}/actions/runs/{run.id}"
    actor = shapes.account(call.github, run.account)
    return {
        "id": run.id,
        "node_id": shapes.node_id("WFR", run.id),
        "name": run.name,
        "path": run.path,
        "display_title": run.name,
        "event": run.event,
        "head_sha": run.head_sha,
        "head_branch": run.head_branch,
        "status": run.status,
        "conclusion": run.conclusion,
        "run_number": 1,
        "run_attempt": run.run_attempt,
        "url": url,
        "html_url": f"{shapes.web_url(repository)}/actions/runs/{run.id}",
        "jobs_url": f"{url}/jobs",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "created_at": run.created_at,
        "updated_at": run.created_at,
        "run_started_at": run.created_at,
        "actor": actor,
        "triggering_actor": actor,
        "head_commit": None,
        "pull_requests": [],
        "repository": shapes.repository(repository),
        "head_repository": shapes.repository(repository),
    }


ENDPOINTS = {
    "actions/list-workflow-runs-for-repo": Endpoint(list_, "actions=read"),
    "actions/get-workflow-run": Endpoint(get, "actions=read"),
    "actions/cancel-workflow-run": Endpoint(cancel, "actions=write"),
}
