"""`nbci run`: a review on this machine, from the plan to the report."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from rich.console import Console

from bot import wiring
from bot.backends.base import Backend
from bot.backends.local.launchers import ForkServerLauncher
from bot.cli.commands import INTERRUPTED
from bot.errors import UsageError
from bot.forges.base import Checkout
from bot.forges.opening import open_checkout
from bot.model import JsonValue, Outcome, Review, ReviewRequest
from bot.report.folder import prepare_pages, write_page, write_report
from bot.report.json_report import review_json
from bot.report.terminal import TerminalReport
from bot.review import World, advance, cancel


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
    to_stdout = Path("-") in (options.junit, options.json)
    console = Console(
        stderr=to_stdout, no_color=options.no_color or None, highlight=False, soft_wrap=True
    )
    checkout = open_checkout(Path.cwd())
    request = _request(checkout, options)
    if not options.quiet:
        console.print(checkout.describe(request), markup=False)
    source = checkout.source(request)
    config = wiring.config_of(source, request)
    with contextlib.ExitStack() as stack:
        root = checkout.root
        if options.isolated or options.head:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nbci-tree-")))
            checkout.export(request, root)
        backend = wiring.local_backend(
            root, checkout.identity, jobs=options.jobs, python=options.python, early=early
        )
        stack.callback(backend.close)
        interrupt = stack.enter_context(_interrupts())
        shown = stack.enter_context(TerminalReport(console, quiet=options.quiet))
        _clear_report(options.report)
        world = World(
            source=source,
            config=config,
            backends={"local": backend},
            folder=options.report,
            publish=_publisher(shown, options.report),
        )
        review = _loop(Review(request=request), world, backend, interrupt)
        _write_reports(review, options)
        shown.finish(review, options.report)
    return INTERRUPTED if review.cancelled else exit_code(review)


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
    """Return 0 when all passed, 3 when nothing but the infrastructure failed, else 1."""
    bad = {
        run.outcome
        for run in review.runs
        if not run.options.allow_failure and not (run.outcome and run.outcome.is_good)
    }
    if not bad:
        return 0
    return 3 if bad == {Outcome.LOST} else 1


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
    """Whether somebody asked us to stop; asked again, we drop everything."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextlib.contextmanager
def _interrupts() -> Iterator[_Interrupt]:
    interrupt = _Interrupt()
    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _loop(review: Review, world: World, backend: Backend, interrupt: _Interrupt) -> Review:
    warmed_up = False
    while True:
        if interrupt.asked and not review.cancelled:
            review = cancel(review, "interrupted", world)
        review, again = advance(review, world, time.monotonic())
        if again is None:
            return review
        if not warmed_up:
            warmed_up = True
            backend.poll([])
            prepare_pages()
        backend.wait(max(0.0, again - time.monotonic()))


def _clear_report(folder: Path) -> None:
    """Remove the executed notebooks of an earlier report, known by its `review.json`."""
    if (folder / "review.json").exists():
        shutil.rmtree(folder / "notebooks", ignore_errors=True)


def _write_reports(review: Review, options: RunOptions) -> None:
    write_report(review, options.report)
    if options.json:
        _write(options.json, json.dumps(review_json(review), indent=2) + "\n")
    if options.junit:
        from bot.report.junit import junit_xml

        _write(options.junit, junit_xml(review))


def _write(path: Path, text: str) -> None:
    if path == Path("-"):
        sys.stdout.write(text)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
