"""New trees from old ones, as the git data API makes them."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fakes.github.git_store import GitStore

_NOTHING = "0" * 40


@dataclass(frozen=True)
class Change:
    """A path to put in, or without a SHA to take out; mode 040000 means a whole folder."""

    path: str
    mode: str
    sha: str | None


def write_tree(store: GitStore, base: str | None, changes: list[Change]) -> str:
    """Return the tree that *base*, or without it nothing, becomes by *changes*."""
    lines = [line for change in changes for line in _index_lines(store, base, change)]
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        store.git("read-tree", base or "--empty", environment=index)
        store.git(
            *("update-index", "--add", "--replace", "-z", "--index-info"),
            stdin=os.fsencode("".join(f"{line}\0" for line in lines)),
            environment=index,
        )
        return store.git("write-tree", "--missing-ok", environment=index).decode().strip()


def _index_lines(store: GitStore, base: str | None, change: Change) -> list[str]:
    """Return what `git update-index --index-info` is told."""
    lines = []
    if base and (change.sha is None or change.mode == "040000"):
        gone = [item.path for item in store.entries(base, recursive=True)]
        lines = [
            f"0 {_NOTHING}\t{path}"
            for path in gone
            if path == change.path or path.startswith(f"{change.path}/")
        ]
    if change.sha is None:
        return lines
    if change.mode != "040000":
        return [*lines, f"{change.mode} {change.sha}\t{change.path}"]
    return lines + [
        f"{item.mode} {item.sha}\t{change.path}/{item.path}"
        for item in store.entries(change.sha, recursive=True)
        if item.kind != "tree"
    ]
