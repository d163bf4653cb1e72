"""Which notebooks a review runs, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bot.config import DEFAULT_PATH, Config
from bot.errors import UsageError
from bot.model import Plan, ReviewRequest, Selected, Skipped
from bot.planning.changed import Changed, judge_changes
from bot.planning.code_reasons import CodeReasons
from bot.planning.declared import Declared
from bot.planning.fact_cache import FactCache, default_folder
from bot.planning.pairs import Pairs
from bot.planning.requested import all_notebooks, requested_notebooks
from bot.planning.source import Source
from bot.planning.wording import quoted

_NOT_CHECKED_OUT = "not checked out"


def make_plan(
    source: Source, config: Config, request: ReviewRequest, *, cache_folder: Path | None = None
) -> Plan:
    """Return which notebooks *request* makes us run, with the reasons, and which it does not.

    What files say is remembered in *cache_folder*, by default the user's own. Raises UsageError
    when something asked for is not there, or more notebooks would run than the configuration
    allows.
    """
    if request.notebooks:
        names = requested_notebooks(source, config, request.notebooks)
        plan = _plan_all(source, names, "requested by name")
    elif request.everything:
        plan = _plan_all(source, all_notebooks(source, config), "all notebooks were asked for")
    else:
        plan = _plan_change(source, config, FactCache(cache_folder or default_folder()))
    _check_number(plan, config.max_notebooks)
    return plan


def _plan_all(source: Source, notebooks: Collection[str], reason: str) -> Plan:
    texts = Pairs(source, notebooks).texts_for(notebooks)
    return _plan(
        reasons={path: [reason] for path in notebooks if path not in texts},
        skipped={path: f"paired with {quoted(text)}, which runs" for path, text in texts.items()},
    )


def _plan_change(source: Source, config: Config, cache: FactCache) -> Plan:
    changed = judge_changes(source, config.is_notebook)
    notebooks = all_notebooks(source, config)
    code = CodeReasons(source, config, changed, notebooks, cache)
    declared = Declared(config, changed.happened)
    reasons = {}
    for path in notebooks:
        own = [changed.reasons[path]] if path in changed.reasons else []
        found = [*own, *code.reasons_for(path), *declared.reasons_for(path)]
        if found:
            reasons[path] = found
    missing = dict.fromkeys(changed.reasons.keys() - set(notebooks), _NOT_CHECKED_OUT)
    skipped = {**changed.skipped, **missing}
    return _without_pairs(Pairs(source, notebooks), reasons, skipped, changed)


def _without_pairs(
    pairs: Pairs, reasons: dict[str, list[str]], skipped: dict[str, str], changed: Changed
) -> Plan:
    """Return the plan in which only the text of each pair runs."""
    for path, text in pairs.texts_for([*reasons, *skipped]).items():
        reasons.pop(path, None)
        skipped.pop(path, None)
        if path in changed.reasons or path in changed.skipped:
            state = "which runs" if text in reasons else "which did not change"
            skipped[path] = f"paired with {quoted(text)}, {state}"
    return _plan(reasons, skipped)


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
        raise UsageError(
            f"{len(plan.selected)} notebooks would run, and {limit} is the limit: name notebooks or"
            f" folders, or set max_notebooks in {DEFAULT_PATH}"
        )
