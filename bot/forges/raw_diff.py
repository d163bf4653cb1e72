"""What `git diff --raw -z` prints, as changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.planning.source import Change, ChangeKind

# Everything that a user's configuration could turn into another output is said here.
DIFF_OPTIONS = (
    "--raw",
    "-z",
    "--no-abbrev",
    "--find-renames",
    "--find-copies",
    "--no-relative",
    "--ignore-submodules=dirty",
)

_KINDS = {
    "A": ChangeKind.ADDED,
    "C": ChangeKind.COPIED,
    "D": ChangeKind.DELETED,
    "R": ChangeKind.RENAMED,
}


def parse_raw_diff(fields: Sequence[str], blob_on_disk: Callable[[str], str]) -> list[Change]:
    """Return the changes in the NUL-separated fields that git printed, ordered by path.

    *blob_on_disk* is asked for the blob id of a file whose mode differs and whose content git has
    not looked at. https://git-scm.com/docs/diff-format#_raw_output_format
    """
    changes: dict[str, Change] = {}
    remaining = iter(fields)
    for header in remaining:
        old_mode, new_mode, old_blob, new_blob, status = header.removeprefix(":").split(" ")
        old_path = next(remaining)
        path = next(remaining) if status[0] in "CR" else old_path
        if status == "U" and path in changes:  # unmerged, and said again as what is on disk
            continue
        kind = _KINDS.get(status[0], ChangeKind.MODIFIED)
        # Most lines of a small notebook are those of any other: only the same content is a copy.
        if kind is ChangeKind.COPIED and status != "C100":
            kind, old_path, old_blob = ChangeKind.ADDED, path, ""
        if kind is ChangeKind.MODIFIED and _is_regular(old_mode) and _is_regular(new_mode):
            same = old_blob == new_blob or (
                old_mode != new_mode and not _known(new_blob) and blob_on_disk(path) == old_blob
            )
            kind = ChangeKind.MODE if same else kind
        changes[path] = Change(
            path=path,
            kind=kind,
            old_path=old_path if path != old_path else None,
            old_blob=_known(old_blob),
            new_blob=_known(new_blob),
        )
    return [changes[path] for path in sorted(changes)]


def _is_regular(mode: str) -> bool:
    return mode.startswith("100")


def _known(blob: str) -> str:
    return blob if blob.strip("0") else ""
