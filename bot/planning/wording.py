"""The reasons of a plan in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from bot.model import printable
from bot.planning.source import Change, ChangeKind

MOST_REASONS = 5
_MOST_NAMED = 3


class Link(StrEnum):
    """How one file makes use of another; the value is the verb."""

    IMPORTS = "imports"
    RUNS = "runs"


class Step(NamedTuple):
    """One link of the chain from a notebook to a changed file."""

    link: Link
    path: str


def quoted(path: str) -> str:
    """Return a path as it is shown inside a sentence."""
    return f"`{printable(path)}`"


def words_for(change: Change) -> str:
    """Return what happened to a notebook or file: "renamed from `old.py`"."""
    match change.kind:
        case ChangeKind.RENAMED | ChangeKind.COPIED if change.old_path is not None:
            return f"{change.kind.value} from {quoted(change.old_path)}"
        case ChangeKind.MODIFIED:
            return "changed"
        case kind:
            return kind.value


def chain_reason(chain: Sequence[Step], happened: str) -> str:
    """Return the reason that a chain of links to a changed file makes.

    >>> chain_reason([Step(Link.RUNS, "a.py"), Step(Link.IMPORTS, "b.py")], "changed")
    'runs `a.py`, which imports `b.py`, changed'
    """
    *between, last = chain
    if len(between) <= 1:
        told = ", which ".join(f"{step.link.value} {quoted(step.path)}" for step in chain)
        return f"{told}, {happened}"
    named = [quoted(step.path) for step in between[:_MOST_NAMED]]
    named += ["..."] * (len(between) > _MOST_NAMED)
    return f"{last.link.value} {quoted(last.path)} (through {', '.join(named)}), {happened}"


def at_most(reasons: Sequence[str], total: int, one: str, many: str) -> Iterator[str]:
    """Yield the first reasons, and how many more of *total* there are: "and 12 more files"."""
    shown = reasons[:MOST_REASONS]
    yield from shown
    more = total - len(shown)
    if more > 0:
        yield f"and {more} more {one if more == 1 else many}"
