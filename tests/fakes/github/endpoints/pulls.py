"""Pull requests and their files, and issues."""

from __future__ import annotations

from typing import Any

from fakes.github import shapes
from fakes.github.answers import Reply, not_found
from fakes.github.call import Call
from fakes.github.differences import ChangedFile, changed_files
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.pulls import Pull


def get(call: Call) -> dict[str, Any]:
    pull = _pull(call)
    files = _files(pull)
    store = pull.repository.store
    return {
        **shapes.pull(pull),
        "merged": pull.merged,
        "mergeable": None if pull.state == "closed" else pull.merge_sha is not None,
        "mergeable_state": "clean" if pull.merge_sha else "dirty",
        "merged_by": None,
        "comments": len(pull.repository.comments(pull)),
        "commits": len(store.between(pull.base_sha, pull.head_sha)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def list_(call: Call) -> Reply:
    state = call.query.get("state", "open")
    head, base = call.query.get("head"), call.query.get("base")
    found = [
        issue
        for issue in reversed(call.repository.issues.values())
        if isinstance(issue, Pull)
        and state in ("all", issue.state)
        and base in (None, issue.base_ref)
        and head in (None, f"{issue.head_owner}:{issue.head_ref}")
    ]
    return call.listed(found, shapes.pull)


def list_files(call: Call) -> Reply:
    pull = _pull(call)
    files = _files(pull)[: call.github.limits.pull_files]
    return call.listed(
        files, lambda file: shapes.changed_file(pull.repository, pull.head_sha, file)
    )


def list_for_commit(call: Call) -> Reply:
    """Answer with the pull requests that have a commit as their head, or were merged by it."""
    sha = call.commit("commit_sha")
    found = [
        issue
        for issue in call.repository.issues.values()
        if isinstance(issue, Pull) and sha in (issue.head_sha, issue.merged and issue.merge_sha)
    ]
    return call.listed(found, shapes.pull)


def get_issue(call: Call) -> dict[str, Any]:
    found = call.repository.issues.get(call.number("issue_number"))
    if found is None:
        raise not_found()
    return shapes.issue(found)


def _pull(call: Call) -> Pull:
    found = call.repository.issues.get(call.number("pull_number"))
    if not isinstance(found, Pull):
        raise not_found()
    return found


def _files(pull: Pull) -> list[ChangedFile]:
    store = pull.repository.store
    base = store.merge_base(pull.base_sha, pull.head_sha) or pull.base_sha
    return changed_files(store, base, pull.head_sha)


ENDPOINTS = {
    "pulls/get": Endpoint(get, "pull_requests=read"),
    "pulls/list": Endpoint(list_, "pull_requests=read"),
    "repos/list-pull-requests-associated-with-commit": Endpoint(
        list_for_commit, "pull_requests=read"
    ),
    "issues/get": Endpoint(get_issue, "issues=read; pull_requests=read"),
    "pulls/list-files": Endpoint(list_files, "pull_requests=read"),
}
