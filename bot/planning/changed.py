"""What a change did to the files themselves: which notebooks it touches, and which of them run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from bot.planning.blobs import blob_id
from bot.planning.meaning import Difference, difference, have_code_in_common
from bot.planning.source import Change, ChangeKind, Source
from bot.planning.wording import quoted, words_for


@dataclass
class Changed:
    """The files that a change touches.

    `reasons` and `skipped` are those of notebooks; `happened` says of every file whose change can
    matter to others what happened to it.
    """

    reasons: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    happened: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)


def judge_changes(source: Source, is_notebook: Callable[[str], bool]) -> Changed:
    """Return what the difference between base and head does to each file."""
    changes = list(_without_lookalikes(source))
    differences = _differences(source, changes, is_notebook)
    originals = _originals(source, [change for change in changes if is_notebook(change.path)])
    found = Changed()
    for change in changes:
        if change.path in originals:
            _judge(replace(change, old_path=originals[change.path], kind=ChangeKind.COPIED), found)
        else:
            _judge(change, found, differences.get(change.path, Difference.CODE))
        is_lost = change.kind is ChangeKind.RENAMED and not is_notebook(change.path)
        if is_lost and change.old_path is not None:
            found.skipped[change.old_path] = found.happened[change.old_path]
    found.reasons = {path: why for path, why in found.reasons.items() if is_notebook(path)}
    found.skipped = {path: why for path, why in found.skipped.items() if is_notebook(path)}
    return found


def _judge(change: Change, found: Changed, how_different: Difference = Difference.CODE) -> None:
    match change.kind:
        case ChangeKind.MODE:
            found.skipped[change.path] = "only its file mode changed"
            return
        case ChangeKind.MODIFIED if how_different is not Difference.CODE:
            found.skipped[change.path] = how_different.value
            return
        case ChangeKind.DELETED:
            found.skipped[change.path] = words_for(change)
            found.gone.append(change.path)
        case _:
            found.reasons[change.path] = words_for(change)
    found.happened[change.path] = words_for(change)
    if change.kind is ChangeKind.RENAMED and change.old_path is not None:
        found.happened[change.old_path] = f"renamed to {quoted(change.path)}"
        found.gone.append(change.old_path)


def _without_lookalikes(source: Source) -> Iterator[Change]:
    """Yield the changes, with the renamed notebooks apart that are renamed only to git's eye.

    Most lines of a small notebook are those of any other.
    """
    changes = source.changes()
    renamed = {
        change.path: change.old_path
        for change in changes
        if change.kind is ChangeKind.RENAMED
        and change.old_path is not None
        and change.path.endswith(".ipynb")
        and change.old_blob != change.new_blob
    }
    heads = dict(source.read(renamed))
    bases = dict(source.read_base(renamed.values()))
    for change in changes:
        base, head = bases.get(change.old_path or ""), heads.get(change.path)
        if base is None or head is None or have_code_in_common(change.path, base, head):
            yield change
        else:
            yield Change(change.old_path or "", ChangeKind.DELETED, old_blob=change.old_blob)
            yield Change(change.path, ChangeKind.ADDED, new_blob=change.new_blob)


def _differences(
    source: Source, changes: Sequence[Change], is_notebook: Callable[[str], bool]
) -> dict[str, Difference]:
    """Return how notebooks differ that are there before and after, those excluded included."""
    paths = [
        change.path
        for change in changes
        if change.kind is ChangeKind.MODIFIED
        and (PurePosixPath(change.path).suffix == ".ipynb" or is_notebook(change.path))
    ]
    base = dict(source.read_base(paths))
    return {
        path: difference(path, base[path], head)
        for path, head in source.read(path for path in paths if path in base)
    }


def _originals(source: Source, changes: Iterable[Change]) -> Mapping[str, str]:
    """Return which notebooks are exact copies of others that did not change.

    Git itself looks for the origin of a copy only among what changed.
    """
    added = [change for change in changes if change.kind is ChangeKind.ADDED]
    if not added:
        return {}
    touched = {change.path for change in added}
    blobs = {
        entry.blob: entry.path
        for entry in reversed(source.entries())
        if entry.blob and entry.path not in touched
    }
    originals = {}
    for path, data in source.read(touched):
        original = blobs.get(blob_id(data, like=next(iter(blobs), "")))
        if original is not None:
            originals[path] = original
    return originals
