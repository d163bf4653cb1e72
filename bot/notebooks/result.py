"""What a runner left in its folder, as the result of a run."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.model import CellError, CellTiming, Outcome, Progress, RunResult
from bot.notebooks import runner

Locate = Callable[[int, int | None], int | None]


def read_result(folder: Path, *, ended: str, clean: bool, locate: Locate) -> RunResult:
    """Return how the run whose runner wrote to *folder* ended; `executed_notebook` is left out.

    *ended* says in words how the runner's process ended, for a run that it could not finish, and
    *clean* whether it ended by itself: without that, a readable result and a complete executed
    notebook no run has passed. *locate* returns the line of the notebook's file for a cell's number
    and a line of its source.
    """
    try:
        raw = (folder / runner.RESULT).read_bytes()
    except OSError:
        message = f"the runner ended without a result: {ended}{_complaint(folder)}"
        return _unfinished(folder, message)
    try:
        result = _result(json.loads(raw), locate)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _unfinished(folder, f"the runner's result cannot be read: {error!r}")
    if result.outcome is Outcome.PASSED and not clean:
        return _unfinished(folder, f"the run says it passed, but its runner was {ended}")
    if result.outcome is Outcome.PASSED and not _is_proved(folder, result):
        return _unfinished(
            folder, "the run says it passed, but its executed notebook is not complete"
        )
    return result


class ProgressReader:
    """Follows how far the run that writes to a folder has come."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / runner.PROGRESS
        self._offset = 0
        self._progress: Progress | None = None

    def read(self) -> Progress | None:
        """Return how far the run has come, None before it has begun."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return None
        # The last line may still be on its way.
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        for line in complete.splitlines():
            # A notebook can write to this file too: what it makes of it is its own loss.
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self._progress = _after(self._progress, json.loads(line))
        return self._progress


def _after(progress: Progress | None, event: dict[str, Any]) -> Progress | None:
    if event["event"] == "started":
        return Progress(cells_total=event["cells_total"])
    if progress is None:
        return None
    if event["event"] == "cell_started":
        return replace(progress, cell=event["cell"], seconds=event["at"])
    if event["event"] == "cell_finished":
        counts = event["cell"] is not None and event["outcome"] == "passed"
        done = progress.cells_done + counts
        return replace(progress, cells_done=done, cell=None, seconds=event["at"])
    return progress


def keep_executed_notebook(folder: Path, target: Path) -> bool:
    """Move the executed notebook to *target*; return whether there is one.

    Raises OSError when there is no room for it, and leaves no part of it behind.
    """
    source = folder / runner.EXECUTED_NOTEBOOK
    if not source.is_file():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".nbci-{secrets.token_hex(8)}")
    try:
        shutil.move(source, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def _result(raw: dict[str, Any], locate: Locate) -> RunResult:
    failing = raw.get("failing_cell")
    error = _cell_error(failing, locate) if failing else None
    outcome = Outcome(raw["outcome"])
    return RunResult(
        outcome=outcome,
        message=_message(outcome, raw.get("message", ""), error),
        seconds=float(raw["seconds"]),
        cells_done=int(raw.get("cells_done", 0)),
        cells_total=int(raw.get("cells_total", 0)),
        failing_cell=error,
        cells=tuple(
            CellTiming(
                number=cell["number"],
                seconds=cell["seconds"],
                outcome=Outcome(cell["outcome"]),
            )
            for cell in raw.get("cells", ())
        ),
        log=raw.get("log", ""),
    )


def _cell_error(raw: dict[str, Any], locate: Locate) -> CellError:
    number, cell_line = raw["number"], raw["cell_line"]
    return CellError(
        number=number,
        ename=raw["ename"],
        evalue=raw["evalue"],
        traceback=tuple(raw["traceback"]),
        source=raw["source"],
        cell_line=cell_line,
        line=None if number is None else locate(number, cell_line),
    )


def _message(outcome: Outcome, message: str, error: CellError | None) -> str:
    """Return the one line that says what happened, for outcomes whose runner said less."""
    if outcome is Outcome.REJECTED or error is None:
        return message
    where = "the injected parameters" if error.number is None else f"cell {error.number}"
    if outcome is Outcome.FAILED:
        evalue = error.evalue.strip().partition("\n")[0]
        return f"{where} raised {error.ename}" + (f": {evalue}" if evalue else "")
    return f"in {where}: {message}"


def _is_proved(folder: Path, result: RunResult) -> bool:
    """Whether every cell was run and the executed notebook is there to show it."""
    try:
        executed = json.loads((folder / runner.EXECUTED_NOTEBOOK).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(executed, dict) and result.cells_done == result.cells_total


def _complaint(folder: Path) -> str:
    """Return the last line that the runner wrote to its log, such as its own error."""
    try:
        lines = (folder / runner.LOG).read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return f" ({lines[-1][:300]})" if lines else ""


def _unfinished(folder: Path, message: str) -> RunResult:
    progress = ProgressReader(folder).read() or Progress()
    where = f" in cell {progress.cell}" if progress.cell else ""
    return RunResult(
        outcome=Outcome.LOST,
        message=message + where,
        seconds=progress.seconds,
        cells_done=progress.cells_done,
        cells_total=progress.cells_total,
    )
