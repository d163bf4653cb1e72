"""Which notebooks a review runs, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bot.config import DEFAULT_PATH, Config
from bot.errors import UsageError
from bot.model import Plan, ReviewRequest, Selected, Skipped
from bot.planning.pairs import Pairs
from bot.planning.requested import all_notebooks, requested_notebooks
from bot.planning.source import Source
from bot.planning.wording import quoted


class TooManyNotebooks(UsageError):
    """More notebooks would run than the configuration allows."""


def make_plan(
    source: Source, config: Config, request: ReviewRequest, *, cache_folder: Path | None = None
) -> Plan:
    """Return which notebooks *request* makes us run, with the reasons, and which it does not.

    What files say is remembered in *cache_folder*, by default the user's own. Raises UsageError
    when something asked for is not there, and TooManyNotebooks when more would run than the
    configuration allows.
    """
    if request.notebooks:
        named = requested_notebooks(source, config, request.notebooks)
        plan = _plan_all(source, named, "requested by name")
    elif request.everything:
        plan = _plan_all(source, all_notebooks(source, config), "all notebooks were asked for")
    else:
        # Reading code and keeping what it says takes modules that naming a notebook does not.
        from bot.planning.affected import affected_notebooks

        plan = _plan(*affected_notebooks(source, config, cache_folder))
    _check_number(plan, config.max_notebooks)
    return plan


def _plan_all(source: Source, notebooks: Collection[str], reason: str) -> Plan:
    texts = Pairs(source, notebooks).texts_for(notebooks)
    return _plan(
        reasons={path: [reason] for path in notebooks if path not in texts},
        skipped={path: f"paired with {quoted(text)}, which runs" for path, text in texts.items()},
    )


def _plan(reasons: Mapping[str, Sequence[str]], skipped: Mapping[str, str]) -> Plan:
    return Plan(
        selected=tuple(
            Selected(notebook=path, reasons=tuple(reasons[path])) for path in sorted(reasons)
        ),
        skipped=tuple(
            Skipped(notebook=path, reasons=(skipped[path],))
            for path in sorted(skipped.keys() - reasons.keys())
        ),
    )


def _check_number(plan: Plan, limit: int) -> None:
    if len(plan.selected) > limit:
        raise TooManyNotebooks(
            f"{len(plan.selected)} notebooks would run, and {limit} is the limit: name notebooks or"
            f" folders, or set max_notebooks in {DEFAULT_PATH}"
        )
