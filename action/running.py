"""The part of a review that can be interrupted: comparing, planning, and running notebooks."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from action import job_log
from action.comparison import Comparison
from action.kept_outputs import KeptOutputs
from action.session import Session
from action.stopping import CANCELLED, LONGEST_PATIENCE, Stop, Stopped
from action.subject import Subject
from bot.backends.local.backend import LocalBackend
from bot.backends.local.interpreter import allowed_environment
from bot.config import DEFAULT_PATH, Config, parse_config
from bot.errors import ConfigError, NbciError, TryLater
from bot.model import Review, ReviewRequest
from bot.planning.problems import problem_of
from bot.planning.source import Source
from bot.report.folder import prepare_pages, write_page
from bot.report.terminal import TerminalReport
from bot.review import World, cancel, given_up, plan_runs, run_to_end
from bot.wiring import local as wiring


@dataclass
class Running:
    """Runs the notebooks of *subject* on this machine, with their report in *folder*.

    `show` is told of each state of the review but the last; `latest` is the newest of them. What is
    begun here ends with *stack*.
    """

    session: Session
    subject: Subject
    folder: Path
    kept: KeptOutputs
    stop: Stop
    stack: contextlib.ExitStack
    show: Callable[[Review], None]
    latest: Review

    def __post_init__(self) -> None:
        console = Console(highlight=False, soft_wrap=True, force_terminal=False, no_color=True)
        self._terminal = self.stack.enter_context(TerminalReport(console))
        self._rendered: set[str] = set()

    def result(self, compare: Callable[[], Comparison]) -> Review:
        """Return the review as it ended, whatever ended it."""
        try:
            with self.stop.at_once():
                comparison = _persist(compare)
                request, source = self._described(comparison)
                config = _config(self.session, request, source)
                world = self._world(comparison, request)
            _say_what_is_run(comparison)
            with self.stop.at_once():
                planned = plan_runs(Review(request=request), source, config)
            return self._run(planned, world)
        except Stopped:
            return given_up(replace(self.latest, cancelled=CANCELLED))
        except NbciError as error:
            return replace(self.latest, problem=problem_of(error))

    def _described(self, comparison: Comparison) -> tuple[ReviewRequest, Source]:
        request = replace(self.latest.request, base=comparison.base, merge=comparison.merge)
        self.latest = replace(self.latest, request=request)
        return request, comparison.repository.source(request)

    def _world(self, comparison: Comparison, request: ReviewRequest) -> World:
        return World(
            backends={"local": self._backend(comparison, request)},
            folder=self.folder,
            publish=self._publish,
        )

    def _backend(self, comparison: Comparison, request: ReviewRequest) -> LocalBackend:
        root = comparison.repository.root
        if not self.subject.in_place:
            scratch = tempfile.TemporaryDirectory(prefix="nbci-tree-", ignore_cleanup_errors=True)
            root = Path(self.stack.enter_context(scratch))
            comparison.repository.export(request, root)
        inputs = self.session.inputs
        backend = wiring.local_backend(
            root,
            comparison.repository.identity,
            jobs=inputs.jobs,
            python=inputs.python or None,
            environment=allowed_environment(os.environ, inputs.pass_env),
        )
        self.stack.callback(backend.close)
        return backend

    def _run(self, planned: Review, world: World) -> Review:
        with job_log.inert():
            try:
                ended = run_to_end(
                    planned, world, stopped=self.stop.raise_if_asked, meanwhile=prepare_pages
                )
            except Stopped:
                ended = given_up(cancel(self.latest, CANCELLED, world))
            self._terminal.update(ended)
        if ended.cancelled is None:
            self.kept.keep(ended, self.folder)
        self._terminal.finish(ended, fold=_folded)
        return ended

    def _publish(self, review: Review) -> None:
        self.latest = review
        self._terminal.update(review)
        if not review.is_over:
            self.show(review)
        for run in review.runs:
            if run.result and run.run_id not in self._rendered:
                self._rendered.add(run.run_id)
                write_page(run, self.folder)


def _persist(compare: Callable[[], Comparison]) -> Comparison:
    """Return what *compare* returns, once GitHub's limits let it."""
    last = time.time() + LONGEST_PATIENCE
    while True:
        try:
            return compare()
        except TryLater as error:
            if error.at > last:
                raise
            seconds = max(error.at - time.time(), 1.0)
            job_log.say(f"{error}; trying again in {seconds:.0f} s")
            time.sleep(seconds)


def _config(session: Session, request: ReviewRequest, source: Source) -> Config:
    name = session.inputs.config
    if name == DEFAULT_PATH:
        return wiring.config_of(source, request)
    files = dict(source.read([name]))
    if name not in files:
        raise ConfigError(f"{name}:1: there is no such file, which the input `config` names")
    return parse_config(files[name], name)


@contextlib.contextmanager
def _folded(title: str) -> Iterator[None]:
    with job_log.group(title), job_log.inert():
        yield


def _say_what_is_run(comparison: Comparison) -> None:
    what = f"Running the files of {comparison.commit}"
    if comparison.merge:
        what += f", for the head {comparison.head}"
    if comparison.base:
        what += f", compared with {comparison.base}"
    job_log.say(what)
