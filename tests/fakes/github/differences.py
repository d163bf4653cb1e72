"""What changed between two commits, as GitHub lists the files of a pull request."""

from __future__ import annotations

from dataclasses import dataclass

from fakes.github.git_store import GitStore

_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "T": "changed"}


@dataclass(frozen=True)
class ChangedFile:
    """A file that differs; *sha* is its blob, that of the old side where it was removed."""

    path: str
    status: str
    sha: str
    additions: int
    deletions: int
    previous_path: str | None = None


def changed_files(store: GitStore, base: str, head: str) -> list[ChangedFile]:
    """Return the files that differ between two commits, in git's order."""
    printed = store.git(
        "diff-tree", "-r", "-M", "-z", "--raw", "--numstat", "--no-abbrev", base, head
    )
    fields = printed.decode("utf-8", "replace").split("\0")
    listed: list[tuple[str, str, list[str]]] = []
    while fields and fields[0].startswith(":"):
        _, _, old, new, letter = fields.pop(0).split()
        paths = [fields.pop(0) for _ in range(2 if letter[0] in "RC" else 1)]
        listed.append((letter[0], old if letter == "D" else new, paths))
    return [
        ChangedFile(
            path=paths[-1],
            status=_STATUS[letter],
            sha=sha,
            additions=added,
            deletions=removed,
            previous_path=paths[0] if letter == "R" else None,
        )
        for (letter, sha, paths), (added, removed) in zip(listed, _counts(fields), strict=True)
    ]


def _counts(fields: list[str]) -> list[tuple[int, int]]:
    """Return the lines added and removed of each file; git says `-` for binary ones."""
    counts = []
    while fields and fields[0]:
        added, removed, path = fields.pop(0).split("\t")
        if not path:
            del fields[:2]
        counts.append((0, 0) if added == "-" else (int(added), int(removed)))
    return counts
