"""What a run says of itself while it goes on: checked, and made into its progress.

The events are those that the runner writes to its `progress.jsonl` (bot/notebooks/runner.py). Who
sends them holds a token, but it is code of a pull request that runs beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.model import Progress

_MOST = 1_000_000
"""Of cells in a notebook."""
_LONGEST = 10_000_000.0
"""Seconds that anything may take: longer than any run is let."""
_LARGEST_NUMBER = 2**31 - 1


class Unfit(ValueError):
    """Something that no run says; the text tells where and what was expected."""


@dataclass(frozen=True, slots=True)
class Report:
    """Some events in the order in which they happened; each report of a run has a higher number."""

    number: int
    events: tuple[Mapping[str, Any], ...]


def report_from(body: Mapping[str, Any]) -> Report:
    """Return the report that a request's JSON is; raises Unfit."""
    number = _integer(body, "number", least=1, most=_LARGEST_NUMBER)
    events = body.get("events")
    if not isinstance(events, list):
        raise Unfit("`events`: expected a list")
    for event in events:
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise Unfit("`events`: expected objects, each with the name of its `event`")
    return Report(number, tuple(events))


def progress_after(progress: Progress, report: Report) -> Progress:
    """Return how far a run has come that was at *progress* before *report*; raises Unfit.

    Nothing ever goes back: where a run begins anew, it counts from when it is further than before.
    What a later version of the runner may tell beside this is passed over.
    """
    now, passed, in_a_row = progress, 0, 0
    for event in report.events:
        take = _EVENTS.get(event["event"])
        if take is None:
            continue
        now = take(now, event)
        if event["event"] == "started":
            in_a_row = 0
        elif _counts(event):
            passed, in_a_row = passed + 1, in_a_row + 1
        if in_a_row > now.cells_total > 0:
            raise Unfit(f"{in_a_row} cells finished, of {now.cells_total}")
    done = min(progress.cells_done + passed, now.cells_total)
    return replace(now, cells_done=max(progress.cells_done, done))


def _counts(event: Mapping[str, Any]) -> bool:
    """Whether this is the end of a cell of the notebook that ran: one less to go."""
    is_end = event["event"] == "cell_finished"
    return is_end and event["cell"] is not None and event["outcome"] == "passed"


def _started(progress: Progress, event: Mapping[str, Any]) -> Progress:
    total = _integer(event, "cells_total", least=0, most=_MOST)
    return replace(progress, cells_total=max(progress.cells_total, total), cell=None)


def _cell_started(progress: Progress, event: Mapping[str, Any]) -> Progress:
    return replace(progress, cell=_cell(event), seconds=_later(progress, event))


def _cell_finished(progress: Progress, event: Mapping[str, Any]) -> Progress:
    _cell(event)
    _seconds(event, "seconds")
    if not isinstance(event.get("outcome"), str):
        raise Unfit("`outcome`: expected text")
    return replace(progress, cell=None, seconds=_later(progress, event))


_EVENTS = {"started": _started, "cell_started": _cell_started, "cell_finished": _cell_finished}


def _later(progress: Progress, event: Mapping[str, Any]) -> float:
    return max(progress.seconds, _seconds(event, "at"))


def _cell(event: Mapping[str, Any]) -> int | None:
    """Return the number of the event's cell, None for the injected parameters."""
    if event.get("cell", 0) is None:
        return None
    return _integer(event, "cell", least=1, most=_MOST)


def _integer(values: Mapping[str, Any], name: str, *, least: int, most: int) -> int:
    value = values.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise Unfit(f"`{name}`: expected a whole number from {least} to {most}")


def _seconds(event: Mapping[str, Any], name: str) -> float:
    value = event.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        value = -1
    if 0 <= value <= _LONGEST:  # which NaN is not
        return float(value)
    raise Unfit(f"`{name}`: expected seconds, from 0 to {_LONGEST:.0f}")
