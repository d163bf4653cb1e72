"""A review from its request to its report: on GitHub, in the log, in the report's folder."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from rich.console import Console

from action import job_log
from action.background import Background
from action.comparison import Comparison
from action.kept_outputs import KeptOutputs
from action.session import REPORT_CHECK, Session
from bot import wiring
from bot.backends.local.interpreter import allowed_environment
from bot.cli.targets import Targets
from bot.config import DEFAULT_PATH, Config, config_from
from bot.errors import ConfigError, UsageError
from bot.model import Conclusion, Outcome, Problem, Review, ReviewRequest
from bot.planning.selection import TooManyNotebooks
from bot.planning.source import Source
from bot.publishing import Appearance, Channel, Publisher
from bot.report.annotations import annotations_of_review
from bot.report.folder import prepare_pages, write_page
from bot.report.markdown import summary_markdown
from bot.report.pages import Pages
from bot.report.terminal import TerminalReport
from bot.review import World, cancel, given_up, run_to_end

LONGEST_PATIENCE = 62 * 60.0
"""Seconds we wait at the end for GitHub to take the verdict: its limits end within an hour."""

_SECONDS_TO_GO = 5.5
"""Seconds after a cancellation until we end: after 7.5 the runner insists."""

_FAILED = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DIED, Outcome.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is reviewed: the commit `head`, and the pull request it is the head of, if any.

    `in_place` says whether the notebooks run where they are checked out, or in a copy. Without
    `notebooks`, and unless `everything` is asked for, those that the change affects are run.
    """

    head: str
    ref: str
    number: int | None = None
    in_place: bool = True
    everything: bool = False
    notebooks: tuple[str, ...] = ()


_CANCELLED = "the job was cancelled"


class Stopped(Exception):
    """Somebody has cancelled the job."""


def review(session: Session, subject: Subject, compare: Callable[[], Comparison]) -> Review:
    """Return the review of *subject* once it is over and has been reported everywhere.

    *compare* gets hold of the commits; what it raises, a UsageError say, becomes the review's
    problem, which is reported in the same places.
    """
    targets = _targets(session)
    kept = KeptOutputs(session, subject.head, subject.number)
    appearance = Appearance(
        name=REPORT_CHECK,
        started=time.time(),
        checks=session.inputs.checks,
        comment=session.inputs.comment and subject.number is not None,
        pages=Pages(run=kept.link, report=session.context.run_url),
        commands=subject.number is not None,
    )
    forge = session.forge(subject.head, subject.number)
    publisher = Publisher(forge, appearance, pace=session.pace, clock=time.time)
    with _stops() as stop:
        background = Background(publisher, job_log.say)
        request = _request(session, subject)
        background.show(Review(request=request))
        with contextlib.ExitStack() as stack:
            work = _Work(session, subject, targets, background, kept, stop, stack)
            ended = work.result(request, compare)
            background.show(ended)
            _report(session, ended, targets)
            is_shown = background.finish(stop.patience())
    _tell(publisher, is_shown=is_shown)
    if Channel.CHECKS in publisher.refusals or not is_shown:
        for annotation in annotations_of_review(ended)[: job_log.MOST_ANNOTATIONS]:
            job_log.annotate(annotation)
    return ended


class _Work:
    """The part of a review that can be interrupted at any moment."""

    def __init__(
        self,
        session: Session,
        subject: Subject,
        targets: Targets,
        background: Background,
        kept: KeptOutputs,
        stop: _Stop,
        stack: contextlib.ExitStack,
    ) -> None:
        self._session = session
        self._subject = subject
        self._targets = targets
        self._background = background
        self._kept = kept
        self._stop = stop
        self._stack = stack
        self._latest: Review | None = None

    def result(self, request: ReviewRequest, compare: Callable[[], Comparison]) -> Review:
        """Return the review as it ended, whatever ended it."""
        try:
            with self._stop.at_once():
                comparison = compare()
                request = replace(request, base=comparison.base, merge=comparison.merge)
                source = comparison.repository.source(request)
                config = _config(self._session, request, source)
            _say_what_is_run(comparison)
            return self._run(request, comparison, source, config)
        except Stopped:
            return given_up(Review(request=request, cancelled=_CANCELLED))
        except (UsageError, ConfigError) as error:
            return Review(request=request, problem=problem_of(error))

    def _run(
        self, request: ReviewRequest, comparison: Comparison, source: Source, config: Config
    ) -> Review:
        inputs = self._session.inputs
        root = comparison.repository.root
        if not self._subject.in_place:
            scratch = tempfile.TemporaryDirectory(prefix="nbci-tree-", ignore_cleanup_errors=True)
            root = Path(self._stack.enter_context(scratch))
            comparison.repository.export(request, root)
        backend = wiring.local_backend(
            root,
            comparison.repository.identity,
            jobs=inputs.jobs,
            python=inputs.python or None,
            environment=allowed_environment(os.environ, inputs.pass_env),
        )
        self._stack.callback(backend.close)
        console = Console(highlight=False, soft_wrap=True, force_terminal=False, no_color=True)
        shown = self._stack.enter_context(TerminalReport(console))
        rendered: set[str] = set()

        def publish(review: Review) -> None:
            self._latest = review
            shown.update(review)
            for run in review.runs:
                if run.result and run.run_id not in rendered:
                    rendered.add(run.run_id)
                    write_page(run, self._targets.folder)
            if not review.is_over:
                self._background.show(review)

        world = World(
            source=source,
            config=config,
            backends={"local": backend},
            folder=self._targets.folder,
            publish=publish,
        )
        with job_log.inert():
            try:
                ended = run_to_end(
                    Review(request=request),
                    world,
                    stopped=self._stop.raise_if_asked,
                    meanwhile=prepare_pages,
                )
            except Stopped:
                assert self._latest is not None
                ended = given_up(cancel(self._latest, _CANCELLED, world))
            shown.update(ended)
        if ended.cancelled is None:
            self._kept.keep(ended, self._targets.folder)
        shown.finish(ended, fold=_folded)
        return ended


class _Stop:
    """Whether the runner told us to end, and when."""

    def __init__(self) -> None:
        self.at: float | None = None
        self._raises = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.at is None:
            self.at = time.monotonic()
            if self._raises:
                raise Stopped

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Have Stopped raised meanwhile as soon as the runner tells us to end."""
        self.raise_if_asked()
        self._raises = True
        try:
            yield
        finally:
            self._raises = False

    def raise_if_asked(self) -> None:
        """Raise Stopped if the runner told us to end."""
        if self.at is not None:
            raise Stopped

    def patience(self) -> Callable[[], float]:
        """Return what tells, from now on, for how many seconds we may go on."""
        end = time.monotonic() + LONGEST_PATIENCE

        def seconds_left() -> float:
            last = end if self.at is None else min(end, self.at + _SECONDS_TO_GO)
            return last - time.monotonic()

        return seconds_left


@contextlib.contextmanager
def _stops() -> Iterator[_Stop]:
    stop = _Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def problem_of(error: UsageError | ConfigError) -> Problem:
    """Return *error* as the reason why nothing was run."""
    if isinstance(error, ConfigError):
        title = "The configuration of nbci is wrong"
        return Problem(conclusion=Conclusion.FAILURE, title=title, details=error.problems)
    first, *more = str(error).splitlines()
    if isinstance(error, TooManyNotebooks):
        title, _, advice = first.partition(": ")
        command = "Comment `/nbci run folder/` with the notebooks or folders that matter"
        details = (advice.capitalize(), command)
        return Problem(conclusion=Conclusion.ACTION_REQUIRED, title=title, details=details)
    return Problem(conclusion=Conclusion.FAILURE, title=first, details=tuple(more))


def _request(session: Session, subject: Subject) -> ReviewRequest:
    inputs = session.inputs
    return ReviewRequest(
        repository=session.context.repository,
        ref=subject.ref,
        head=subject.head,
        everything=subject.everything,
        notebooks=subject.notebooks,
        parameters=inputs.parameters,
        timeout=inputs.timeout,
        backend=inputs.backend.value or None,
    )


def _config(session: Session, request: ReviewRequest, source: Source) -> Config:
    name = session.inputs.config
    if name == DEFAULT_PATH:
        return wiring.config_of(source, request)
    files = dict(source.read([name]))
    if name not in files:
        raise ConfigError(f"{name}:1: there is no such file, which the input `config` names")
    return config_from(files)


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


def _targets(session: Session) -> Targets:
    """Return the places of the report, and tell the runner where they are before anything runs."""
    step = re.sub(r"[^A-Za-z0-9._-]+", "-", session.context.step).strip("-")
    names = (f"nbci-report-{step}{again}" for again in ("", *(f"-{n}" for n in range(2, 1000))))
    name = next(name for name in names if not (session.context.temporary / name).exists())
    folder = session.context.temporary / name
    json = folder / "review.json"
    targets = Targets(report=folder, junit=folder / "junit.xml", json=None)
    targets.prepare()
    outputs = {"report": str(folder), "json": str(json), "artifact": name}
    job_log.set_outputs(session.context.output_file, outputs)
    return targets


def _report(session: Session, ended: Review, targets: Targets) -> None:
    for problem in targets.write(ended):
        job_log.error(problem)
    if ended.problem:
        with job_log.inert():
            for line in (ended.problem.title, *ended.problem.details):
                job_log.say(line)
    outcomes = [run.outcome for run in ended.runs]
    passed = outcomes.count(Outcome.PASSED)
    failed = sum(outcome in _FAILED for outcome in outcomes)
    other = len(outcomes) + len(ended.skipped) - passed - failed
    job_log.set_outputs(
        session.context.output_file,
        {
            "conclusion": ended.conclusion.value if ended.conclusion else "",
            "passed": str(passed),
            "failed": str(failed),
            "other": str(other),
        },
    )
    job_log.add_summary(session.context.summary_file, summary_markdown(ended))


def _tell(publisher: Publisher, *, is_shown: bool) -> None:
    for channel, refusal in publisher.refusals.items():
        what = "check runs" if channel is Channel.CHECKS else "the comment"
        job_log.say(f"This token may not write {what}, so the results are here only. {refusal}")
    for problem in publisher.problems:
        job_log.warning(problem)
    if not is_shown:
        job_log.warning(f"GitHub did not take the last results: {publisher.waiting_for}")
