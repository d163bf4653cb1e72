"""`nbci run`: a review on this machine, from the plan to the report."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from bot.backends.local.launchers import ForkServerLauncher
from bot.cli.exit_codes import INFRASTRUCTURE, INTERRUPTED, NOT_PASSED, PASSED
from bot.cli.workflow_commands import no_workflow_commands
from bot.errors import UsageError
from bot.forges.base import Checkout
from bot.forges.opening import open_checkout
from bot.model import JsonValue, Outcome, Review, ReviewRequest
from bot.report.folder import prepare_pages, write_page
from bot.report.targets import STANDARD_OUTPUT, Targets
from bot.report.terminal import TerminalReport
from bot.review import World, plan_runs, run_to_end
from bot.wiring import local as wiring


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What was asked for on the command line; `timeout` in minutes."""

    paths: tuple[str, ...]
    base: str | None
    head: str | None
    everything: bool
    parameters: tuple[tuple[str, JsonValue], ...]
    jobs: int | None
    timeout: float | None
    python: str | None
    isolated: bool
    report: Path
    junit: Path | None
    json: Path | None
    quiet: bool
    no_color: bool


def run_notebooks(options: RunOptions, early: ForkServerLauncher | None) -> int:
    """Review what *options* name, show it as it goes on, and return the exit code."""
    if sys.platform == "win32":
        raise UsageError("notebooks are run on Linux and macOS; on Windows, use nbci inside WSL")
    to_stdout = STANDARD_OUTPUT in (options.junit, options.json)
    console = Console(
        stderr=to_stdout, no_color=options.no_color or None, highlight=False, soft_wrap=True
    )
    checkout = open_checkout(Path.cwd())
    request = _request(checkout, options)
    if not options.quiet:
        console.print(checkout.describe(request), markup=False)
    source = checkout.source(request)
    config = wiring.config_of(source, request)
    targets = Targets(report=options.report, junit=options.junit, json=options.json)
    targets.prepare()
    with contextlib.ExitStack() as stack:
        stack.enter_context(no_workflow_commands(console))
        interrupt = stack.enter_context(_interrupts())
        root = checkout.root
        if options.isolated or options.head:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nbci-tree-")))
            checkout.export(request, root)
        backend = wiring.local_backend(
            root, checkout.identity, jobs=options.jobs, python=options.python, early=early
        )
        stack.callback(backend.close)
        shown = stack.enter_context(TerminalReport(console, quiet=options.quiet))
        world = World(
            backends={"local": backend},
            folder=targets.folder,
            publish=_publisher(shown, targets.folder),
        )
        planned = plan_runs(Review(request=request), source, config)
        review = run_to_end(planned, world, stopped=interrupt.reason, meanwhile=prepare_pages)
        problems = targets.write(review)
        shown.finish(review, options.report)
    for problem in problems:
        click.echo(f"nbci: {problem}", err=True)
    if review.cancelled:
        return INTERRUPTED
    return exit_code(review) or (INFRASTRUCTURE if problems else PASSED)


def _publisher(shown: TerminalReport, folder: Path) -> Callable[[Review], None]:
    """Return what shows a review as it goes on, and renders each notebook once it has ended."""
    rendered: set[str] = set()

    def publish(review: Review) -> None:
        shown.update(review)
        for run in review.runs:
            if run.result and run.run_id not in rendered:
                rendered.add(run.run_id)
                write_page(run, folder)

    return publish


def exit_code(review: Review) -> int:
    """Return the exit code: infrastructure only where nothing else is to blame."""
    bad = {
        run.outcome
        for run in review.runs
        if not run.is_excused and not (run.outcome and run.outcome.is_good)
    }
    if not bad:
        return PASSED
    return INFRASTRUCTURE if bad == {Outcome.LOST} else NOT_PASSED


def _request(checkout: Checkout, options: RunOptions) -> ReviewRequest:
    request = checkout.request(
        options.base,
        options.head,
        notebooks=wiring.paths_in(checkout, options.paths),
        everything=options.everything,
        parameters=dict(options.parameters),
    )
    seconds = options.timeout * 60 if options.timeout else None
    return replace(request, timeout=seconds)


class _Interrupt:
    """Whether somebody asked us to stop.

    Asked again, or before there is anything to report on, we drop everything at once.
    """

    def __init__(self) -> None:
        self.asked = False
        self.has_something_to_report = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.asked or not self.has_something_to_report:
            raise KeyboardInterrupt
        self.asked = True

    def reason(self) -> str | None:
        """Return why to stop, None while nobody asked; from now on there is something to show."""
        self.has_something_to_report = True
        return "interrupted" if self.asked else None


@contextlib.contextmanager
def _interrupts() -> Iterator[_Interrupt]:
    interrupt = _Interrupt()
    # What our caller had ignored stays ignored: `nohup` does that, and shells for background jobs.
    before = {
        number: signal.signal(number, interrupt)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
