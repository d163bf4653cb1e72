"""A review as JSON for scripts; `docs/json-report.md` describes it and must be kept true."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bot.model import CellError, JsonValue, Problem, Progress, Review, Run, RunResult, Skipped

FORMAT = 1
"""Raised when a key goes away or changes its meaning, never when one is added."""

JsonObject = dict[str, JsonValue]


def review_json(review: Review) -> JsonObject:
    """Return *review* in the documented format, ready for `json.dumps`.

    Paths that are not UTF-8 hold lone surrogates, which only `ensure_ascii` (the default) writes.
    """
    request = review.request
    conclusion = review.conclusion
    return {
        "format": FORMAT,
        "conclusion": conclusion.value if conclusion else None,
        "repository": request.repository,
        "ref": request.ref,
        "base_sha": request.base,
        "head_sha": request.head,
        "working_tree": request.working_tree,
        "merge_sha": request.merge,
        "cancelled": review.cancelled,
        "problem": _problem(review.problem) if review.problem else None,
        "runs": [
            *(_run(run) for run in review.runs),
            *(_skipped(notebook) for notebook in review.skipped),
        ],
    }


def _problem(problem: Problem) -> JsonObject:
    return {
        "conclusion": problem.conclusion.value,
        "title": problem.title,
        "details": list(problem.details),
    }


def _run(run: Run) -> JsonObject:
    ending = _ending(run.result) if run.result else _so_far(run.progress)
    return {
        "notebook": run.notebook,
        "parameters": {name: _finite(value) for name, value in run.parameters.items()},
        "reasons": list(run.reasons),
        "attempt": run.attempt,
        "run_id": run.run_id,
        "backend": run.options.backend,
        "allow_failure": run.options.allow_failure,
        **ending,
    }


def _ending(result: RunResult) -> JsonObject:
    return {
        "outcome": result.outcome.value,
        "message": result.message,
        "seconds": round(result.seconds, 3),
        "cells_done": result.cells_done,
        "cells_total": result.cells_total,
        "failing_cell": _failing_cell(result.failing_cell) if result.failing_cell else None,
        "executed_notebook": result.executed_notebook,
        "cells": [
            {
                "number": cell.number,
                "outcome": cell.outcome.value,
                "seconds": round(cell.seconds, 3),
            }
            for cell in result.cells
        ],
        "log": result.log,
    }


def _so_far(progress: Progress) -> JsonObject:
    return {
        "outcome": None,
        "message": "",
        "seconds": round(progress.seconds, 3),
        "cells_done": progress.cells_done,
        "cells_total": progress.cells_total,
        "failing_cell": None,
        "executed_notebook": None,
        "cells": [],
        "log": "",
    }


def _skipped(skipped: Skipped) -> JsonObject:
    return {
        "notebook": skipped.notebook,
        "parameters": {},
        "reasons": list(skipped.reasons),
        "attempt": 0,
        "run_id": None,
        "backend": None,
        "allow_failure": False,
        **_so_far(Progress()),
        "outcome": "skipped",
    }


def _failing_cell(error: CellError) -> JsonObject:
    return {
        "number": error.number,
        "line": error.line,
        "cell_line": error.cell_line,
        "ename": error.ename,
        "evalue": error.evalue,
        "source": error.source,
        "traceback": list(error.traceback),
    }


def _finite(value: JsonValue) -> JsonValue:
    """Return *value* with the numbers that JSON cannot say (nan, inf) as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    return value
