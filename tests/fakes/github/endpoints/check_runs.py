"""Check runs, their annotations, and check suites."""

from __future__ import annotations

from typing import Any

from fakes.github import shapes
from fakes.github.accounts import App
from fakes.github.answers import Refusal, Reply, invalid, not_found
from fakes.github.call import Call
from fakes.github.endpoints.check_rules import check_output, check_state
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.pulls import Pull
from fakes.github.records import CheckRun
from fakes.github.repository import Repository

_PLAIN = ("name", "external_id", "details_url", "started_at", "actions")


def create(call: Call) -> Reply:
    repository, sha, app = call.repository, call.body["head_sha"], _app(call)
    if not repository.store.has(sha):
        raise invalid(f"No commit found for SHA: {sha}")
    check_output(call.body)
    check_state(call.body)
    run = CheckRun(
        id=call.github.new_id("check_run"),
        app=app,
        name=call.body["name"],
        head_sha=sha,
        suite_id=repository.suite_id(app, sha),
    )
    _apply(call, run)
    repository.all_check_runs[run.id] = run
    return Reply(shape(repository, run), 201)


def update(call: Call) -> dict[str, Any]:
    run = _find(call)
    if run.app != _app(call):
        raise Refusal(403, "Invalid app_id `" + str(_app(call).id) + "` - check run can only be "
                           "modified by the GitHub App that created it.")  # fmt: skip
    check_output(call.body)
    check_state(call.body)
    _apply(call, run)
    return shape(call.repository, run)


def _app(call: Call) -> App:
    assert call.token is not None
    assert call.token.app is not None
    return call.token.app


def _apply(call: Call, run: CheckRun) -> None:
    """Take over what a request says; annotations are added to those there are."""
    body = call.body
    # GitHub keeps no details_url of what a workflow's own token writes:
    # https://github.com/LouisBrunner/checks-action/issues/18
    ignored = {"details_url"} if run.app.slug == "github-actions" else set()
    for name in _PLAIN:
        if name in body and name not in ignored:
            setattr(run, name, body[name])
    output = body.get("output", {})
    for name in ("title", "summary", "text"):
        if name in output:
            setattr(run, name, output[name])
    run.annotations += output.get("annotations", [])
    run.images += output.get("images", [])
    _apply_state(call, run)
    run.remember()


def _apply_state(call: Call, run: CheckRun) -> None:
    body = call.body
    if "conclusion" in body or "completed_at" in body:
        run.status, run.conclusion = "completed", body["conclusion"]
        run.completed_at = body.get("completed_at") or call.github.now()
    elif "status" in body:
        run.status, run.conclusion, run.completed_at = body["status"], None, None
    if run.started_at is None and run.status != "queued":
        run.started_at = call.github.now()


def get(call: Call) -> dict[str, Any]:
    return shape(call.repository, _find(call))


def list_annotations(call: Call) -> Reply:
    run, url = _find(call), shapes.web_url(call.repository)
    columns = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    return call.listed(
        run.annotations,
        lambda item: {**columns, **item, "blob_href": f"{url}/blob/{run.head_sha}/{item['path']}"},
    )


def list_for_ref(call: Call) -> Reply:
    """Answer newest first; of the same name and app only the newest, unless all are asked for."""
    repository, query = call.repository, call.query
    runs = list(reversed(repository.check_runs(call.commit("ref"))))
    if query.get("filter", "latest") == "latest":
        newest: dict[tuple[int, str], CheckRun] = {}
        for run in runs:
            newest.setdefault((run.app.id, run.name), run)
        runs = list(newest.values())
    found = [
        run
        for run in runs
        if query.get("check_name") in (None, run.name)
        and query.get("status") in (None, run.status)
        and query.get("app_id") in (None, str(run.app.id))
    ]
    return call.counted("check_runs", found, lambda run: shape(repository, run))


def list_suites(call: Call) -> Reply:
    repository, sha = call.repository, call.commit("ref")
    apps = {app.id: app for app in call.github.apps.values()}
    found = [
        (suite, apps[app_id])
        for (app_id, head), suite in repository.suites.items()
        if head == sha and call.query.get("app_id") in (None, str(app_id))
    ]
    return call.counted(
        "check_suites", found, lambda item: _suite_shape(repository, sha, item[0], item[1])
    )


def _suite_shape(repository: Repository, sha: str, suite: int, app: App) -> dict[str, Any]:
    runs = [run for run in repository.check_runs(sha) if run.suite_id == suite]
    over = all(run.status == "completed" for run in runs)
    bad = [
        run.conclusion for run in runs if run.conclusion not in ("success", "neutral", "skipped")
    ]
    return {
        "id": suite,
        "node_id": shapes.node_id("CS", suite),
        "url": f"{shapes.api_url(repository)}/check-suites/{suite}",
        "head_sha": sha,
        "status": "completed" if over else "in_progress",
        "conclusion": ((bad or ["success"])[0]) if over else None,
        "created_at": min((run.started_at for run in runs if run.started_at), default=None),
        "app": shapes.app(repository.github, app),
        "repository": shapes.repository(repository),
        "head_commit": {"id": sha, "tree_id": repository.store.commit(sha).tree},
        "latest_check_runs_count": len(runs),
        "pull_requests": _pulls(repository, sha),
    }


def shape(repository: Repository, run: CheckRun) -> dict[str, Any]:
    """Return the JSON of a check run."""
    url = f"{shapes.api_url(repository)}/check-runs/{run.id}"
    html_url = f"{shapes.web_url(repository)}/runs/{run.id}"
    return {
        "id": run.id,
        "node_id": shapes.node_id("CR", run.id),
        "name": run.name,
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": html_url,
        "details_url": run.details_url or html_url,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite_id},
        "app": shapes.app(repository.github, run.app),
        "pull_requests": _pulls(repository, run.head_sha),
    }


def _pulls(repository: Repository, sha: str) -> list[dict[str, Any]]:
    """Return the open pull requests of this repository's own branches with this head."""
    found = []
    for pull in repository.issues.values():
        if isinstance(pull, Pull) and pull.head_sha == sha and not pull.from_fork:
            about = {
                "id": repository.id,
                "url": shapes.api_url(repository),
                "name": repository.name,
            }
            found.append(
                {
                    "id": pull.id,
                    "number": pull.number,
                    "url": f"{shapes.api_url(repository)}/pulls/{pull.number}",
                    "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": about},
                    "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": about},
                }
            )
    return found


def _find(call: Call) -> CheckRun:
    found = call.repository.all_check_runs.get(call.number("check_run_id"))
    if found is None:
        raise not_found()
    return found


ENDPOINTS = {
    "checks/create": Endpoint(create, "checks=write", apps_only=True),
    "checks/update": Endpoint(update, "checks=write", apps_only=True),
    "checks/get": Endpoint(get, "checks=read"),
    "checks/list-annotations": Endpoint(list_annotations, "checks=read"),
    "checks/list-for-ref": Endpoint(list_for_ref, "checks=read"),
    "checks/list-suites-for-ref": Endpoint(list_suites, "checks=read"),
}
