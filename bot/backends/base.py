"""What nbci asks of a place where notebooks run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.model import Progress, Run, RunResult, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a backend knows of a run at one moment."""

    state: RunState
    progress: Progress = field(default_factory=Progress)


class Backend(Protocol):
    """Somewhere notebooks can run."""

    def submit(self, run: Run) -> None:
        """Accept *run*, to be started when there is room.

        May be called again with the same `run_id` after an interruption, and then starts nothing
        anew. Raises BackendError when the backend cannot run anything.
        """

    def poll(self, run_ids: Iterable[str]) -> Mapping[str, Observation]:
        """Return what is known of each of the runs asked for; one it never saw is left out."""

    def cancel(self, run_id: str) -> None:
        """End a run as soon as possible; without effect on one that has ended."""

    def collect(self, run_id: str, folder: Path) -> RunResult:
        """Bring what an ended run left into *folder* and return how it ended."""

    def wait(self, seconds: float) -> None:
        """Return when something may have changed, or after *seconds*."""

    def close(self) -> None:
        """End everything that is still running and give back what the backend holds."""
