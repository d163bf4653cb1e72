"""The git data API: refs."""

from __future__ import annotations

from typing import Any

from fakes.github import shapes
from fakes.github.answers import Reply, invalid, not_found, unprocessable
from fakes.github.call import Call
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.git_store import Ref


def get(call: Call) -> dict[str, Any]:
    name = f"refs/{call.path['ref']}"
    for ref in call.repository.store.refs(name):
        if ref.name == name:
            return _ref(call, ref)
    raise not_found()


def list_matching(call: Call) -> list[dict[str, Any]]:
    return [_ref(call, ref) for ref in call.repository.store.refs(f"refs/{call.path['ref']}")]


def create(call: Call) -> Reply:
    store, name, sha = call.repository.store, call.body["ref"], call.body["sha"]
    if not name.startswith("refs/") or name.count("/") < 2:
        raise invalid("Reference name must start with 'refs/' and contain at least two slashes.")
    if store.ask("check-ref-format", name) is None or name.startswith("refs/pull/"):
        raise invalid(f"{name} is not a valid ref name.")
    if store.ref(name):
        raise unprocessable("Reference already exists")
    _require_object(call, sha)
    store.set_ref(name, sha)
    call.repository.refresh_pulls()
    return Reply(_ref(call, Ref(name, sha, store.kind(sha))), 201)


def update(call: Call) -> dict[str, Any]:
    store, sha = call.repository.store, call.body["sha"]
    name, old = _existing(call)
    _require_object(call, sha)
    if not call.body.get("force", False) and not store.is_ancestor(old, sha):
        raise unprocessable("Update is not a fast forward")
    store.set_ref(name, sha)
    call.repository.refresh_pulls()
    return _ref(call, Ref(name, sha, store.kind(sha)))


def delete(call: Call) -> Reply:
    name, _ = _existing(call)
    if name == f"refs/heads/{call.repository.default_branch}":
        raise unprocessable("Cannot delete the default branch")
    call.repository.store.delete_ref(name)
    return Reply(status=204)


def _existing(call: Call) -> tuple[str, str]:
    """Return the ref of the path, by its whole name, and what it points at."""
    name = f"refs/{call.path['ref']}"
    old = call.repository.store.ref(name)
    if old is None or name.startswith("refs/pull/"):
        raise unprocessable("Reference does not exist")
    return name, old


def _require_object(call: Call, sha: str) -> None:
    store = call.repository.store
    if not (store.has(sha) or store.has(sha, "tag")):
        raise unprocessable("Object does not exist")


def _ref(call: Call, ref: Ref) -> dict[str, Any]:
    url = f"{shapes.api_url(call.repository)}/git"
    return {
        "ref": ref.name,
        "node_id": shapes.node_id("REF", ref.name),
        "url": f"{url}/{ref.name}",
        "object": {"type": ref.kind, "sha": ref.sha, "url": f"{url}/{ref.kind}s/{ref.sha}"},
    }


ENDPOINTS = {
    "git/get-ref": Endpoint(get, "contents=read"),
    "git/list-matching-refs": Endpoint(list_matching, "contents=read"),
    "git/create-ref": Endpoint(create, "contents=write"),
    "git/update-ref": Endpoint(update, "contents=write"),
    "git/delete-ref": Endpoint(delete, "contents=write"),
}
