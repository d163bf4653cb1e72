"""The story: a review is a value, and `advance` moves it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.backends.base import Backend
from bot.config import Config
from bot.errors import BackendError
from bot.forges.base import Source
from bot.model import (
    JsonValue,
    Outcome,
    Review,
    ReviewRequest,
    Run,
    RunOptions,
    RunResult,
    RunState,
    run_id,
)
from bot.planning.selection import make_plan

LOOK_AGAIN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a review acts upon: where notebooks run, and who is told.

    Executed notebooks are collected into `folder`.
    """

    backends: Mapping[str, Backend]
    folder: Path
    publish: Callable[[Review], None]


def advance(review: Review, world: World, now: float) -> tuple[Review, float | None]:
    """Take every step of a planned review that can be taken now; return it and when to look again.

    There is nothing to look for again once the review is over. Safe to repeat after a crash at any
    point: what an interrupted call has begun is known by its run id, and not begun twice.
    """
    review = submit_waiting(review, world)
    review = poll_submitted(review, world)
    world.publish(review)
    return review, None if review.is_over else now + LOOK_AGAIN


def cancel(review: Review, reason: str, world: World) -> Review:
    """Return the review given up for *reason*: what runs is told to end, nothing else is begun."""
    for run in review.runs:
        if run.state in (RunState.SUBMITTED, RunState.RUNNING):
            world.backends[run.options.backend].cancel(run.run_id)
    return replace(review, cancelled=reason)


def given_up(review: Review) -> Review:
    """Return a cancelled review as it will be once everything that still runs has ended."""
    message = review.cancelled or ""
    cancelled = RunResult(outcome=Outcome.CANCELLED, message=message)
    runs = tuple(run if run.result else run.ended(cancelled) for run in review.runs)
    return replace(review, runs=runs, planned=True)


def run_to_end(
    review: Review,
    world: World,
    *,
    stopped: Callable[[], str | None],
    meanwhile: Callable[[], None],
) -> Review:
    """Return a planned review once nothing of it is left to do.

    *stopped* says why it is to be given up, as soon as it is; *meanwhile* is called once, while the
    first notebooks start. Needs exactly one backend, whose events are waited for.
    """
    (backend,) = world.backends.values()
    began = False
    while True:
        review, again = advance(review, world, time.monotonic())
        if again is None:
            return review
        if review.cancelled is None and (reason := stopped()) is not None:
            review = cancel(review, reason, world)
            continue
        if not began:
            began = True
            backend.poll([])
            meanwhile()
        backend.wait(max(0.0, again - time.monotonic()))


def plan_runs(review: Review, source: Source, config: Config) -> Review:
    """Return the review with its runs: each selected notebook, once for each set of parameters."""
    request = review.request
    plan = make_plan(source, config, request)
    runs = (
        new_run(request, selected.notebook, parameters, selected.reasons, settings.options)
        for selected in plan.selected
        for settings in [config.settings_for(selected.notebook)]
        for parameters in settings.parameter_sets
    )
    # A parameter of the request can make two sets of parameters one.
    unique = {run.run_id: run for run in runs}
    return replace(review, runs=tuple(unique.values()), skipped=plan.skipped, planned=True)


def new_run(
    request: ReviewRequest,
    notebook: str,
    parameters: Mapping[str, JsonValue],
    reasons: tuple[str, ...],
    options: RunOptions,
) -> Run:
    """Return the request's attempt at a notebook; the request goes before the configuration."""
    merged = {**parameters, **request.parameters}
    if request.timeout is not None:
        options = replace(options, timeout=request.timeout)
    if request.backend is not None:
        options = replace(options, backend=request.backend)
    return Run(
        run_id=run_id(request, notebook, merged, request.attempt),
        notebook=notebook,
        parameters=merged,
        reasons=reasons,
        options=options,
        attempt=request.attempt,
    )


def submit_waiting(review: Review, world: World) -> Review:
    """Return the review with every waiting run handed to its backend, or ended where that fails."""

    def submitted(run: Run) -> Run:
        if run.state is not RunState.WAITING:
            return run
        if review.cancelled:
            return run.ended(RunResult(outcome=Outcome.CANCELLED, message=review.cancelled))
        backend = world.backends.get(run.options.backend)
        if backend is None:
            message = f"backend {run.options.backend} cannot be used from here"
            return run.ended(RunResult(outcome=Outcome.REJECTED, message=message))
        try:
            backend.submit(run)
        except BackendError as error:
            return run.ended(RunResult(outcome=Outcome.LOST, message=str(error)))
        return replace(run, state=RunState.SUBMITTED)

    return replace(review, runs=tuple(map(submitted, review.runs)))


def poll_submitted(review: Review, world: World) -> Review:
    """Return the review as its backends see it, with the results of what has ended."""
    observed = {
        run_id: observation
        for name, backend in world.backends.items()
        for run_id, observation in backend.poll(list(_open_runs(review, name))).items()
    }

    def looked_at(run: Run) -> Run:
        seen = observed.get(run.run_id)
        if seen is None:
            return run
        if seen.state is RunState.ENDED:
            backend = world.backends[run.options.backend]
            return run.ended(backend.collect(run.run_id, world.folder))
        return replace(run, state=seen.state, progress=seen.progress)

    return replace(review, runs=tuple(map(looked_at, review.runs)))


def _open_runs(review: Review, backend: str) -> Iterator[str]:
    for run in review.runs:
        if run.options.backend == backend and run.state in (RunState.SUBMITTED, RunState.RUNNING):
            yield run.run_id
