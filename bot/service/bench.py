"""The notebooks of one review on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from bot.backends.base import Observation
from bot.backends.local.backend import LocalBackend
from bot.errors import NbciError
from bot.model import Outcome, RunResult, RunState
from bot.service.admission import Admitted

MakeBackend = Callable[[Path, str], LocalBackend]
"""Given a folder with the files of a commit and what names the repository, runs notebooks there."""

Export = Callable[[Admitted, Path], None]
"""Writes the files that a run is of into a folder."""


@dataclass
class _Begun:
    admitted: Admitted
    last: Observation | None = None
    is_cancelled: bool = False


class Bench:
    """Runs notebooks of one review in a folder of their own, once its files are there.

    Everything but the export of files happens in the thread that calls.
    """

    def __init__(
        self, first: Admitted, scratch: Path, export: Export, make: MakeBackend, pool: Executor
    ) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(
            prefix="tree-", dir=scratch, ignore_cleanup_errors=True
        )
        self._make = make
        self._repository = first.request.repository
        self._files: Future[None] = pool.submit(export, first, Path(self._folder.name))
        self._backend: LocalBackend | None = None
        self._begun: dict[str, _Begun] = {}

    @property
    def number(self) -> int:
        """How many runs are here."""
        return len(self._begun)

    @property
    def run_ids(self) -> list[str]:
        """The runs that are here."""
        return list(self._begun)

    def begin(self, admitted: Admitted) -> None:
        """Run a notebook here."""
        self._begun[admitted.run.run_id] = _Begun(admitted)
        if self._backend is not None:
            self._backend.submit(admitted.run)

    def cancel(self, run_id: str) -> None:
        """End a run as soon as possible."""
        begun = self._begun.get(run_id)
        if begun is None or begun.is_cancelled:
            return
        begun.is_cancelled = True
        if self._backend is not None:
            self._backend.cancel(run_id)

    def drop(self, run_id: str) -> None:
        """End a run that somebody else has taken, and forget it."""
        self.cancel(run_id)
        self._begun.pop(run_id, None)

    def changed(self) -> Mapping[str, Observation]:
        """Return what is new of the runs; of those that have ended, until they are taken away."""
        if self._backend is None and not self._is_ready():
            return {}
        if self._backend is None:
            return {run_id: Observation(state=RunState.ENDED) for run_id in self._begun}
        news: dict[str, Observation] = {}
        for run_id, seen in self._backend.poll(list(self._begun)).items():
            begun = self._begun[run_id]
            if seen != begun.last or seen.state is RunState.ENDED:
                news[run_id] = begun.last = seen
        return news

    def generation(self, run_id: str) -> int:
        """Return which taking of the run this is."""
        return self._begun[run_id].admitted.generation

    def result(self, run_id: str, reports: Path) -> RunResult:
        """Return how a run ended, with what it left in the folder of its report."""
        if self._backend is None:
            return self._why_no_files()
        begun = self._begun[run_id]
        folder = reports / begun.admitted.page_key
        return self._backend.collect(run_id, folder)

    def take_away(self, run_id: str) -> None:
        """Forget a run whose result is kept."""
        del self._begun[run_id]

    def wait(self, seconds: float) -> None:
        """Return when a run may have ended, or after *seconds*."""
        assert self._backend is not None
        self._backend.wait(seconds)

    @property
    def is_running(self) -> bool:
        """Whether there is something to wait for here."""
        return self._backend is not None and bool(self._begun)

    def close(self) -> None:
        """End everything that runs here and remove its files."""
        self._files.cancel()
        if self._backend is not None:
            self._backend.close()
        elif not self._files.cancelled():
            self._files.exception()
        self._folder.cleanup()

    def _is_ready(self) -> bool:
        """Return whether the files are there, or it is known why not; begin what waits for them."""
        if not self._files.done():
            return False
        if self._files.exception() is None:
            self._backend = self._make(Path(self._folder.name), self._repository)
            for begun in self._begun.values():
                self._backend.submit(begun.admitted.run)
                if begun.is_cancelled:
                    self._backend.cancel(begun.admitted.run.run_id)
        return True

    def _why_no_files(self) -> RunResult:
        error = self._files.exception()
        if isinstance(error, NbciError):
            message = f"the files of the commit cannot be had: {error}"
            return RunResult(outcome=Outcome.LOST, message=message)
        assert error is not None
        raise error


def runs_of(benches: Mapping[tuple[int, int], Bench]) -> int:
    """Return how many runs there are on all of them."""
    return sum(bench.number for bench in benches.values())
