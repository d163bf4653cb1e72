"""Runs notebooks on this machine, some at a time."""

from __future__ import annotations

import re
import select
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.backends.base import Observation
from bot.backends.local.durations import Durations
from bot.backends.local.launchers import PACKAGES, Launcher, how_it_ended
from bot.backends.local.machine import machine_memory, short_folder
from bot.backends.local.pythons import Pythons, Unavailable
from bot.backends.local.sources import SourceFile, Unrunnable, prepare_source
from bot.model import Outcome, Progress, Run, RunResult, RunState
from bot.notebooks.result import ProgressReader, keep_executed_notebook, read_result

# What a run may take beyond its own limit before its runner counts as hung.
GRACE = 15.0


@dataclass
class _Job:
    """A run on this machine."""

    run: Run
    folder: Path
    progress: ProgressReader
    source: SourceFile | None = None
    launcher: Launcher | None = None
    started: float = 0.0
    result: RunResult | None = None
    status: int | None = None
    stopped: float | None = None
    overdue: bool = False
    cancelled: bool = False

    @property
    def is_running(self) -> bool:
        return self.launcher is not None and self.status is None

    @property
    def is_waiting(self) -> bool:
        return self.launcher is None and self.result is None


class LocalBackend:
    """The machine at hand as a backend.

    Notebooks are taken from, and run in, the folder *root*; nothing there is written by us. *jobs*
    run at a time, those that took longest the last time first.
    """

    def __init__(self, root: Path, *, jobs: int, pythons: Pythons, durations: Durations) -> None:
        self._root = root
        self._free = jobs
        self._pythons = pythons
        self._durations = durations
        self._jobs: dict[str, _Job] = {}
        self._scratch = Path(tempfile.mkdtemp(prefix="nbci-", dir=short_folder()))

    def submit(self, run: Run) -> None:
        """Accept *run*, to be started when there is room; a known one is not started anew."""
        if run.run_id not in self._jobs:
            folder = self._scratch / str(len(self._jobs))
            self._jobs[run.run_id] = _Job(run, folder, ProgressReader(folder))

    def poll(self, run_ids: Iterable[str]) -> Mapping[str, Observation]:
        """Return where each of the runs stands."""
        self._look()
        return {
            run_id: self._observe(self._jobs[run_id]) for run_id in run_ids if run_id in self._jobs
        }

    def cancel(self, run_id: str) -> None:
        """End a run as soon as possible."""
        job = self._jobs[run_id]
        if job.is_waiting:
            job.result = RunResult(outcome=Outcome.CANCELLED, message="it was not started")
        elif job.launcher and job.is_running and not job.cancelled:
            job.launcher.stop(run_id)
            job.stopped = time.monotonic()
        job.cancelled = True

    def collect(self, run_id: str, folder: Path) -> RunResult:
        """Move the executed notebook into *folder* / notebooks and return how the run ended."""
        job = self._jobs[run_id]
        if job.result is None:
            job.result = self._read(job, folder)
        return job.result

    def wait(self, seconds: float) -> None:
        """Return when a run may have ended, or after *seconds*."""
        self._look()
        launchers = {job.launcher for job in self._jobs.values() if job.launcher and job.is_running}
        descriptors = [launcher.fileno() for launcher in launchers]
        known = [descriptor for descriptor in descriptors if descriptor is not None]
        if None in descriptors or self._pythons.is_building:
            seconds = min(seconds, 0.05)
        select.select(known, [], [], seconds)

    def close(self) -> None:
        """End everything that is still running."""
        self._pythons.close()
        self._durations.save()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _look(self) -> None:
        """Note what has ended, end what is overdue, start what there is room for."""
        for launcher in self._pythons.launchers():
            for run_id, status in launcher.ended().items():
                self._jobs[run_id].status = status
                self._free += 1
        now = time.monotonic()
        for job in self._jobs.values():
            if job.is_running and now - job.started > job.run.options.timeout + GRACE:
                job.overdue = True
                self.cancel(job.run.run_id)
            if job.launcher and job.is_running and job.stopped and now - job.stopped > GRACE:
                job.launcher.kill(job.run.run_id)
        waiting = sorted((job for job in self._jobs.values() if job.is_waiting), key=self._priority)
        for job in waiting:
            if self._free == 0:
                return
            self._start(job)

    def _priority(self, job: _Job) -> float:
        known = self._durations.of(job.run)
        return -known if known is not None else -float("inf")

    def _start(self, job: _Job) -> None:
        try:
            job.source = prepare_source(self._root, job.run, job.folder)
            launcher = self._pythons.launcher_for(job.run.options)
        except (Unrunnable, Unavailable) as error:
            job.result = RunResult(outcome=Outcome.REJECTED, message=str(error))
            return
        if launcher is None:
            return  # its environment is still being built
        options = job.run.options
        spec = {
            "notebook": str(job.source.path),
            "folder": str(job.folder),
            "cwd": str((self._root / job.run.notebook).parent),
            "kernel": options.kernel,
            "timeout": options.timeout,
            "cell_timeout": options.cell_timeout,
            "memory_limit": options.memory_limit or machine_memory(),
            "parameters_source": job.source.parameters_source,
            "env": dict(options.env),
            "hidden": PACKAGES,
            "no_python": self._pythons.no_python,
            "sockets": str(job.folder / "s"),
        }
        job.launcher, job.started = launcher, time.monotonic()
        self._free -= 1
        launcher.start(job.run.run_id, spec)

    def _observe(self, job: _Job) -> Observation:
        if job.result or job.status is not None:
            return Observation(state=RunState.ENDED)
        if job.is_waiting:
            return Observation(state=RunState.SUBMITTED)
        progress = job.progress.read() or Progress()
        return Observation(state=RunState.RUNNING, progress=progress)

    def _read(self, job: _Job, folder: Path) -> RunResult:
        assert job.source is not None
        assert job.status is not None
        ended = how_it_ended(job.status)
        clean = job.status == 0
        result = read_result(job.folder, ended=ended, clean=clean, locate=job.source.locate)
        if result.outcome in (Outcome.LOST, Outcome.CANCELLED):
            result = self._explained(job, result)
        result = _kept(job, result, folder)
        if result.outcome in (Outcome.PASSED, Outcome.FAILED):
            self._durations.note(job.run, result.seconds)
        shutil.rmtree(job.folder, ignore_errors=True)
        return result

    @staticmethod
    def _explained(job: _Job, result: RunResult) -> RunResult:
        """Return the result of a run that we ended, with our reason."""
        if job.overdue:
            limit = job.run.options.timeout
            message = f"the notebook ran longer than {limit:g} s, and its runner did not end it"
            return replace(result, outcome=Outcome.TIMED_OUT, message=message)
        if job.cancelled:
            return replace(result, outcome=Outcome.CANCELLED, message="the run was cancelled")
        if result.outcome is Outcome.CANCELLED:
            message = "its runner was told to end, or lost the process that started it"
            return replace(result, outcome=Outcome.LOST, message=message)
        return result


def _kept(job: _Job, result: RunResult, folder: Path) -> RunResult:
    """Return *result* with its executed notebook in *folder*; without one nothing has passed."""
    name = "notebooks/" + executed_name(job.run)
    try:
        kept = keep_executed_notebook(job.folder, folder / name)
    except OSError as error:
        if result.outcome is not Outcome.PASSED:
            return result
        message = f"it passed, but its executed notebook cannot be kept: {error.strerror}"
        return replace(result, outcome=Outcome.LOST, message=message)
    return replace(result, executed_notebook=name) if kept else result


def executed_name(run: Run) -> str:
    """Return the file name of a run's executed notebook: safe anywhere, no two runs the same.

    >>> executed_name(Run(run_id="nbci-0123456789abcdef", notebook="a/My plot: é.ipynb"))
    'My-plot-01234567.ipynb'
    """
    stem = run.notebook.rpartition("/")[2].rpartition(".")[0]
    slug = re.sub(r"[^A-Za-z0-9_.]+", "-", stem)[:60].strip("-.") or "notebook"
    return f"{slug}-{run.run_id.removeprefix('nbci-')[:8]}.ipynb"
