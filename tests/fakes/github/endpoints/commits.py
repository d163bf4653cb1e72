"""Commits, and what lies between two of them."""

from __future__ import annotations

from typing import Any

from fakes.github import shapes
from fakes.github.answers import Reply, not_found
from fakes.github.call import Call
from fakes.github.differences import changed_files
from fakes.github.endpoints.permissions import Endpoint


def get(call: Call) -> dict[str, Any]:
    repository = call.repository
    found = repository.store.commit(call.commit("ref"))
    return shapes.commit(repository, found)


def compare(call: Call) -> Reply:
    """Answer with the commits, a page of them, and on the first page with the files."""
    store = call.repository.store
    base_name, separator, head_name = call.path["basehead"].partition("...")
    base, head = _side(call, base_name), _side(call, head_name)
    if not separator or base is None or head is None:
        raise not_found()
    merge_base = store.merge_base(base, head)
    if merge_base is None:
        raise not_found()
    ahead, behind = store.between(base, head), store.between(head, base)
    page, headers = call.page(ahead)
    value = {
        "url": f"{shapes.api_url(call.repository)}/compare/{base_name}...{head_name}",
        "html_url": f"{shapes.web_url(call.repository)}/compare/{base_name}...{head_name}",
        "base_commit": shapes.commit(call.repository, store.commit(base)),
        "merge_base_commit": shapes.commit(call.repository, store.commit(merge_base)),
        "status": _status(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [shapes.commit(call.repository, store.commit(sha)) for sha in page],
        "files": [],
    }
    if int(call.query.get("page", 1)) <= 1:
        files = changed_files(store, merge_base, head)[: call.github.limits.compare_files]
        value["files"] = [shapes.changed_file(call.repository, head, file) for file in files]
    return Reply(value, headers=headers)


def _side(call: Call, name: str) -> str | None:
    """Return the commit of `BRANCH`, `SHA` or, in a fork, `OWNER:BRANCH`."""
    owner, separator, branch = name.rpartition(":")
    if not separator or owner == call.repository.owner:
        return call.repository.store.resolve(branch)
    for other in call.github.repositories.values():
        if other.owner == owner and call.repository in (other.parent, other):
            return other.store.resolve(branch)
    return None


def _status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    if ahead:
        return "ahead"
    return "behind" if behind else "identical"


ENDPOINTS = {
    "repos/get-commit": Endpoint(get, "contents=read"),
    "repos/compare-commits-with-basehead": Endpoint(compare, "contents=read"),
}
