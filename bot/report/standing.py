"""What did not pass, unseen at the end of a check run: for `/nbci run failed`, and never forgotten.

A review of some notebooks by name says nothing of the others: what an earlier review of the same
head found out about those still holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model import JsonValue, Review
from bot.report.hidden import hidden, read_hidden

LARGEST = 20_000
"""Bytes of the lists that are kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the notebooks of one head stand: `not_passed` are their paths.

    `is_whole` says whether one review was of all that the change affects: then the others passed.
    """

    not_passed: tuple[str, ...]
    is_whole: bool


def hidden_standing(review: Review) -> str:
    """Return what *review* found as a last line of Markdown, for `standing_after`."""
    if review.problem or not review.planned:
        return ""
    bad = [run for run in review.runs if not (run.outcome and run.outcome.is_good)]
    value: dict[str, JsonValue] = {"not_passed": _paths(run.notebook for run in bad)}
    if review.request.notebooks:
        value["of"] = _paths(run.notebook for run in review.runs)
    line = hidden(value)
    if len(line) > LARGEST:
        line = hidden({"incomplete": True})
    return f"\n{line}\n"


def standing_after(texts: Iterable[str]) -> Standing | None:
    """Return how the notebooks stand after reviews whose checks had these texts, oldest first.

    None when that is not known: "run again what failed" must not become green for having
    forgotten some.
    """
    standing: Standing | None = Standing((), is_whole=False)
    was_told = False
    for text in texts:
        value = read_hidden(text.rstrip("\r\n").rpartition("\n")[2])
        told = _list(value, "not_passed")
        if value is None or told is None:
            standing = None
        elif "of" not in value:
            standing = Standing(told, is_whole=True)
        elif standing is not None:
            standing = _followed(standing, told, _list(value, "of"))
        was_told = True
    return standing if was_told else None


def _followed(
    before: Standing, told: tuple[str, ...], of: tuple[str, ...] | None
) -> Standing | None:
    if of is None:
        return None
    kept = [path for path in before.not_passed if path not in of]
    return Standing((*kept, *told), before.is_whole)


def _paths(paths: Iterable[str]) -> list[JsonValue]:
    return list(dict.fromkeys(paths))


def _list(value: dict[str, JsonValue] | None, name: str) -> tuple[str, ...] | None:
    if value is None or not set(value) <= {"not_passed", "of"}:
        return None
    paths = value.get(name)
    if not isinstance(paths, list):
        return None
    names = tuple(path for path in paths if isinstance(path, str) and path)
    return names if len(names) == len(paths) else None
