"""The git data API: commits, trees and blobs."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fakes.github import shapes
from fakes.github.answers import Reply, invalid, not_found, unprocessable
from fakes.github.call import Call
from fakes.github.endpoints.contents import too_large, wants_raw
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.git_store import GitStore
from fakes.github.repository import Repository
from fakes.github.trees import Change, write_tree

_KINDS = {"040000": "tree", "160000": "commit"}


def get_commit(call: Call) -> dict[str, Any]:
    sha = call.path["commit_sha"]
    if not call.repository.store.has(sha):
        raise not_found()
    return shapes.git_commit(call.repository, call.repository.store.commit(sha))


def get_tree(call: Call) -> dict[str, Any]:
    tree = call.repository.store.tree_of(call.path["tree_sha"])
    if tree is None:
        raise not_found()
    return _tree(call, tree, recursive="recursive" in call.query)


def _tree(call: Call, tree: str, *, recursive: bool) -> dict[str, Any]:
    entries = call.repository.store.entries(tree, recursive)
    limit = call.github.limits.tree_entries
    url = f"{shapes.api_url(call.repository)}/git"
    return {
        "sha": tree,
        "url": f"{url}/trees/{tree}",
        "truncated": len(entries) > limit,
        "tree": [
            {
                "path": item.path,
                "mode": item.mode,
                "type": item.kind,
                "sha": item.sha,
                "url": f"{url}/{item.kind}s/{item.sha}",
            }
            | ({} if item.size is None else {"size": item.size})
            for item in entries[:limit]
        ],
    }


def get_blob(call: Call) -> Any:
    store, sha = call.repository.store, call.path["file_sha"]
    if not store.has(sha, "blob"):
        raise not_found()
    content = store.blob(sha)
    if len(content) > call.github.limits.blob_bytes:
        raise too_large(len(content), call.github.limits.blob_bytes)
    if wants_raw(call):
        return Reply(content)
    return {
        **_blob(call.repository, sha),
        "node_id": shapes.node_id("B", sha),
        "size": len(content),
        "encoding": "base64",
        "content": base64.encodebytes(content).decode(),
    }


def create_blob(call: Call) -> Reply:
    content, encoding = call.body["content"], call.body.get("encoding", "utf-8")
    if encoding == "base64":
        try:
            data = base64.b64decode(content)
        except binascii.Error as error:
            raise invalid("Problems parsing content as base64") from error
    elif encoding == "utf-8":
        data = content.encode()
    else:
        raise invalid(f"Unknown encoding {encoding!r}")
    return Reply(_blob(call.repository, call.repository.store.write_blob(data)), 201)


def _blob(repository: Repository, sha: str) -> dict[str, Any]:
    return {"sha": sha, "url": f"{shapes.api_url(repository)}/git/blobs/{sha}"}


def create_tree(call: Call) -> Reply:
    store, base = call.repository.store, call.body.get("base_tree")
    if base is not None and store.tree_of(base) is None:
        raise unprocessable("base_tree is not a valid tree oid")
    base = store.tree_of(base) if base else None
    items = call.body["tree"]
    for item in items:
        _check_entry(store, base, item)
    inline = [item for item in items if "content" in item]
    written = store.write_blobs([item["content"].encode() for item in inline])
    shas = {id(item): sha for item, sha in zip(inline, written, strict=True)}
    changes = [
        Change(item["path"], item["mode"], shas.get(id(item), item.get("sha"))) for item in items
    ]
    return Reply(_tree(call, write_tree(store, base, changes), recursive=False), 201)


def _check_entry(store: GitStore, base: str | None, item: dict[str, Any]) -> None:
    path = item.get("path", "")
    if "mode" not in item:
        raise invalid("Must supply tree.mode")
    if not path or any(part in ("", ".", "..", ".git") for part in path.split("/")):
        raise invalid("tree.path contains a malformed path component")
    if ("sha" in item) == ("content" in item):
        raise invalid("Must supply either tree.sha or tree.content")
    if "content" in item:
        return
    if item["sha"] is None:
        if base is None or store.entry(base, path) is None:
            raise unprocessable("GitRPC::BadObjectState")
        return
    kind = _KINDS.get(item["mode"], "blob")
    if kind != "commit" and not store.has(item["sha"], kind):
        raise unprocessable(f"tree.sha {item['sha']} is not a valid {kind}")


def create_commit(call: Call) -> Reply:
    store = call.repository.store
    tree, parents = call.body["tree"], tuple(call.body.get("parents", ()))
    if not store.has(tree, "tree"):
        raise unprocessable("Tree SHA does not exist")
    if not all(store.has(parent) for parent in parents):
        raise unprocessable("Parent SHA does not exist or is not a commit object")
    people: dict[str, str] = {}
    author = call.body.get("author", {})
    for role, who in (("AUTHOR", author), ("COMMITTER", call.body.get("committer", author))):
        people |= {f"GIT_{role}_{name.upper()}": value for name, value in who.items()}
    sha = store.write_commit(tree, parents, call.body["message"], **people)
    return Reply(shapes.git_commit(call.repository, store.commit(sha)), 201)


ENDPOINTS = {
    "git/get-commit": Endpoint(get_commit, "contents=read"),
    "git/get-tree": Endpoint(get_tree, "contents=read"),
    "git/get-blob": Endpoint(get_blob, "contents=read"),
    "git/create-blob": Endpoint(create_blob, "contents=write"),
    "git/create-tree": Endpoint(create_tree, "contents=write"),
    "git/create-commit": Endpoint(create_commit, "contents=write"),
}
