"""Files by their path."""

from __future__ import annotations

import base64
from typing import Any

from fakes.github import shapes
from fakes.github.answers import Refusal, Reply, not_found
from fakes.github.call import Call
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.git_store import TreeEntry
from fakes.github.repository import Repository

_TYPES = {"blob": "file", "tree": "dir", "commit": "submodule"}


def get(call: Call) -> Any:
    """Answer with a file, or with the entries of a folder."""
    repository = call.repository
    ref = call.query.get("ref", repository.default_branch)
    tree = repository.store.tree_of(ref)
    if tree is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    path = call.path.get("path", "").strip("/")
    entry = repository.store.entry(tree, path) if path else TreeEntry("", "040000", "tree", tree, 0)
    if entry is None:
        raise not_found()
    if entry.kind == "tree":
        entries = repository.store.entries(entry.sha)[: call.github.limits.directory_entries]
        prefix = f"{path}/" if path else ""
        return [_about(repository, ref, prefix + item.path, item) for item in entries]
    return _file(call, ref, path, entry)


def _file(call: Call, ref: str, path: str, entry: TreeEntry) -> Any:
    repository = call.repository
    about = _about(repository, ref, path, entry)
    if entry.kind == "commit":
        return about
    content = repository.store.blob(entry.sha)
    if len(content) > call.github.limits.blob_bytes:
        raise too_large(len(content), call.github.limits.blob_bytes)
    if wants_raw(call):
        return Reply(content)
    if entry.mode == "120000":
        return {**about, "target": content.decode("utf-8", "replace")}
    if len(content) > call.github.limits.contents_bytes:
        return {**about, "encoding": "none", "content": ""}
    return {**about, "encoding": "base64", "content": base64.encodebytes(content).decode()}


def _about(repository: Repository, ref: str, path: str, entry: TreeEntry) -> dict[str, Any]:
    url = f"{shapes.api_url(repository)}/contents/{path}?ref={ref}"
    return {
        "type": "symlink" if entry.mode == "120000" else _TYPES[entry.kind],
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "html_url": f"{shapes.web_url(repository)}/blob/{ref}/{path}",
        "git_url": f"{shapes.api_url(repository)}/git/blobs/{entry.sha}",
        "download_url": None,
        "_links": {"self": url, "git": None, "html": None},
    } | ({"submodule_git_url": ""} if entry.kind == "commit" else {})


def wants_raw(call: Call) -> bool:
    return "raw" in call.accept and "application/vnd.github" in call.accept


def too_large(size: int, limit: int) -> Refusal:
    return Refusal(
        403,
        f"This API returns blobs up to {limit // 1024**2} MB in size. The requested blob is too "
        f"large to fetch via the API, but you can always clone the repository via Git in order "
        f"to obtain it.",
        errors=[{"resource": "Blob", "field": "data", "code": "too_large"}],
    )


ENDPOINTS = {"repos/get-content": Endpoint(get, "contents=read")}
