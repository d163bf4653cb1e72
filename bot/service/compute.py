"""What the bot asks of a service where the notebooks of all reviews run, such as a cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.backends.base import Observation
from bot.model import ReviewRequest, Run, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Where a run may tell how far it has come, and the token that it has to show there."""

    url: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A run to be begun, with what it needs.

    `export` writes the files of its commit into a folder that is empty. `events` is None where the
    bot cannot be reached from outside.
    """

    run: Run
    request: ReviewRequest
    export: Callable[[Path], None]
    events: Events | None


class Compute(Protocol):
    """A service where notebooks run whether or not somebody of ours is there to look.

    One caller at a time uses it. Every method raises BackendError when the service cannot be used
    now; it is called again later.
    """

    def submit(self, work: Work) -> None:
        """Begin a run; one that was begun before under its `run_id` is not begun anew."""

    def poll(self, run_ids: Iterable[str]) -> Mapping[str, Observation]:
        """Return what is known of each of the runs, in few requests however many there are."""

    def cancel(self, run_id: str) -> None:
        """End a run as soon as possible; without effect on one that has ended or is not there."""

    def collect(self, run_id: str, folder: Path) -> RunResult:
        """Bring what an ended run left into *folder* and return how it ended."""
