"""The notebooks that a change touches or affects."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bot.config import Config
from bot.planning.changed import judge_changes
from bot.planning.code_reasons import CodeReasons
from bot.planning.declared import Declared
from bot.planning.fact_cache import FactCache, default_folder
from bot.planning.pairs import Pairs
from bot.planning.requested import all_notebooks
from bot.planning.source import Source
from bot.planning.wording import quoted


class Affected(NamedTuple):
    """Why notebooks run, and why others that the change touches do not, by path."""

    reasons: dict[str, list[str]]
    skipped: dict[str, str]


def affected_notebooks(source: Source, config: Config, cache_folder: Path | None) -> Affected:
    """Return what the difference between base and head does to the notebooks at the head."""
    changed = judge_changes(source, config.is_notebook)
    notebooks = all_notebooks(source, config)
    cache = FactCache(cache_folder or default_folder())
    code = CodeReasons(source, config, changed, notebooks, cache)
    declared = Declared(config, changed.happened)
    reasons = {}
    for path in notebooks:
        own = [changed.reasons[path]] if path in changed.reasons else []
        found = [*own, *code.reasons_for(path), *declared.reasons_for(path)]
        if found:
            reasons[path] = found
    missing = dict.fromkeys(changed.reasons.keys() - set(notebooks), "not checked out")
    affected = Affected(reasons, {**changed.skipped, **missing})
    touched = changed.reasons.keys() | changed.skipped.keys()
    return _without_pairs(Pairs(source, notebooks), affected, touched)


def _without_pairs(pairs: Pairs, affected: Affected, touched: set[str]) -> Affected:
    """Return what is left when only the text of each pair runs."""
    reasons, skipped = dict(affected.reasons), dict(affected.skipped)
    for path, text in pairs.texts_for([*reasons, *skipped]).items():
        reasons.pop(path, None)
        skipped.pop(path, None)
        if path in touched:
            state = "which runs" if text in reasons else "which did not change"
            skipped[path] = f"paired with {quoted(text)}, {state}"
    return Affected(reasons, skipped)
