"""The bot's workers."""

from __future__ import annotations

import functools
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from structlog.contextvars import bound_contextvars

from bot.backends.local.backend import LocalBackend
from bot.backends.local.interpreter import allowed_environment
from bot.backends.local.machine import cores
from bot.errors import TryLater, Unanswered, UsageError
from bot.forges.github.app import GitHubApp
from bot.service import jobs, waking
from bot.service.admission import Admitted, Limits, hand_back_lost
from bot.service.advancing import Advancing
from bot.service.compute import Compute
from bot.service.concluding import Concluding
from bot.service.database import Database
from bot.service.deliveries import take_delivery
from bot.service.driver import Driver
from bot.service.engine import Engine
from bot.service.failing import Failing
from bot.service.files import Files
from bot.service.github_access import GitHubAccess
from bot.service.jobs import Lease
from bot.service.leases import give_lease_back
from bot.service.machine import BACKEND, Machine
from bot.service.planning import Planning
from bot.service.pool import DatabaseAway
from bot.service.redelivery import Redelivery
from bot.service.retention import Retention
from bot.service.showing import Showing
from bot.service.taken import give_up_overdue
from bot.service.telemetry import Telemetry
from bot.service.ticker import Chore, Ticker
from bot.service.worker import Loop, Worker
from bot.service.worker_queue import WorkerQueue
from bot.settings import Settings
from bot.wiring.database import database_dsn
from bot.wiring.local import local_backend
from bot.wiring.telemetry import started

_log = logging.getLogger(__name__)

_STALLED_AFTER = 4
"""Heartbeats that a worker may miss."""

_STOP_PATIENCE = 20.0
"""Seconds that what is under way has to end when a worker is told to stop."""

_HOUR = 3600.0

_PAUSES = (1.0, 4.0, 15.0)
"""Seconds between tries to get hold of the files of a commit."""


@dataclass(frozen=True)
class Parts:
    """What a worker is made of."""

    settings: Settings
    dsn: str
    owner: str
    concurrency: int

    @functools.cached_property
    def database(self) -> Database:
        """The worker's way to the database: a connection for each job, and for each loop."""
        return Database(self.dsn, size=self.concurrency + 4)

    @functools.cached_property
    def telemetry(self) -> Telemetry:
        """Where traces go."""
        return started("worker", self.settings)

    @functools.cached_property
    def app(self) -> GitHubApp:
        """The bot as GitHub knows it."""
        settings = self.settings
        key = settings.github_private_key.get_secret_value()
        return GitHubApp(settings.github_app_id, key, settings.github_api_url)

    @functools.cached_property
    def access(self) -> GitHubAccess:
        """GitHub, as the installations let the bot use it."""
        return GitHubAccess(self.database, self.app, time.time)

    @functools.cached_property
    def planning(self) -> Planning:
        """What gets hold of commits."""
        files = Files(self.settings.data_dir / "repositories", self.settings.github_api_url)
        return Planning(self.access, files)

    def export(self, admitted: Admitted, folder: Path) -> None:
        """Write the files that a run is of into *folder*."""
        self.planning.export(admitted.repository_id, admitted.request, folder)

    def export_patiently(self, admitted: Admitted, folder: Path) -> None:
        """Do what `export` does, tried again for a while where GitHub does not answer."""
        for pause in _PAUSES:
            try:
                self.export(admitted, folder)
            except (TryLater, Unanswered, UsageError):
                time.sleep(pause)
            else:
                return
        self.export(admitted, folder)

    @property
    def reports(self) -> Path:
        """Where what reviews have left is kept for the web."""
        return self.settings.data_dir / "reports"

    @property
    def limits(self) -> Limits:
        """How much may run and wait."""
        settings = self.settings
        return Limits(
            runs_per_repository=settings.max_runs_per_repository,
            runs_per_installation=settings.max_runs_per_installation,
            queued_per_repository=settings.max_queued_runs_per_repository,
            runs_per_day=settings.max_runs_per_day,
        )

    @property
    def patience(self) -> float:
        """Seconds without a sign of life after which a worker's work is given to others."""
        return _STALLED_AFTER * self.settings.heartbeat_seconds


def run_worker(
    settings: Settings,
    concurrency: int,
    *,
    stop: threading.Event,
    computes: Mapping[str, Compute] | None = None,
) -> None:
    """Work until *stop* is set. Notebooks run on this machine, or on one of *computes*.

    Raises UsageError for a private key that nothing can be signed with.
    """
    dsn = database_dsn(settings)
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    parts = Parts(settings, dsn, owner, concurrency)
    parts.app.check_key()
    queue = WorkerQueue(
        dsn,
        parts.database,
        _tasks(parts),
        concurrency=concurrency,
        heartbeat=settings.heartbeat_seconds,
        stalled_after=parts.patience,
        patience=_STOP_PATIENCE,
    )
    ticker = Ticker(parts.database, owner, _chores(parts))
    loops: list[tuple[str, Loop]] = [("ticker", ticker.run)]
    if settings.backend == BACKEND:
        loops.append(("machine", _machine(parts).run))
    for name, compute in (computes or {}).items():
        loops.append((f"driver of {name}", _driver(parts, name, compute).run))
    try:
        Worker(queue.run, loops, patience=_STOP_PATIENCE).run(stop)
    finally:
        _leave(parts)


def _leave(parts: Parts) -> None:
    """Let others do at once what only one worker does; they would in a moment all the same."""
    try:
        with parts.database.begin() as connection:
            give_lease_back(connection, parts.owner)
    except DatabaseAway as error:
        _log.warning("the leases of this worker are not given back: %s", error)
    parts.database.close()
    parts.telemetry.stop()


def _tasks(parts: Parts) -> dict[str, Callable[..., None]]:
    """Return what is done for each kind of job."""
    database, settings = parts.database, parts.settings
    engine = Engine(database, parts.app, parts.access, settings.backend, time.time)
    advancing = Advancing(database, parts.planning, parts.limits, settings.backend)
    showing = Showing(database, parts.access, parts.reports, settings.public_url)
    failing = Failing(database, Concluding(database, parts.access).conclude)

    def take(lease: Lease, delivery: str) -> None:
        about = {"delivery": delivery}
        with bound_contextvars(**about), parts.telemetry.span("take_delivery", **about):
            take_delivery(engine, delivery)

    def advance(lease: Lease, review_id: int) -> None:
        with bound_contextvars(review=review_id), parts.telemetry.span("advance", review=review_id):
            failing.advance(review_id, lambda: advancing.advance(review_id))

    def show(lease: Lease, review_id: int) -> None:
        with bound_contextvars(review=review_id), parts.telemetry.span("show", review=review_id):
            failing.show(review_id, lambda: showing.show(review_id, lease))

    return {jobs.TAKE_DELIVERY: take, jobs.ADVANCE: advance, jobs.SHOW: show}


def _chores(parts: Parts) -> list[Chore]:
    database, settings = parts.database, parts.settings

    def within(do: Callable[[Connection], object]) -> Callable[[], None]:
        def chore() -> None:
            with database.begin() as connection:
                do(connection)

        return chore

    retention = Retention(database, parts.reports, settings.retention_days)
    concluding = Concluding(database, parts.access)
    redelivery = Redelivery(database, parts.app, time.time)
    days = settings.retention_days * 24 * _HOUR
    return [
        Chore("wake what is due", 1.0, within(waking.wake_due)),
        Chore("runs of lost workers", settings.heartbeat_seconds, within(hand_back_lost)),
        Chore(
            "deliveries",
            settings.heartbeat_seconds,
            within(lambda connection: waking.wake_deliveries(connection, parts.patience)),
        ),
        Chore(
            "forgotten reviews",
            parts.patience,
            within(lambda connection: waking.wake_forgotten(connection, parts.patience)),
        ),
        Chore("overdue runs", 60.0, within(give_up_overdue), is_shared=True),
        Chore("missed webhooks", 120.0, redelivery.ask_back, is_shared=True),
        Chore("retention", _HOUR, retention.forget, is_shared=True),
        Chore("check runs left", _HOUR, lambda: concluding.sweep(2.0), is_shared=True),
        Chore("unused commits", _HOUR, lambda: parts.planning.files.drop_unused(days)),
    ]


def _machine(parts: Parts) -> Machine:
    settings = parts.settings
    environment = allowed_environment(os.environ, settings.pass_env)

    def make(folder: Path, repository: str) -> LocalBackend:
        return local_backend(folder, repository, jobs=settings.jobs, environment=environment)

    return Machine(
        database=parts.database,
        owner=parts.owner,
        jobs=settings.jobs or cores(),
        limits=parts.limits,
        patience=parts.patience,
        scratch=settings.data_dir / "trees",
        reports=parts.reports,
        export=parts.export_patiently,
        make=make,
    )


def _driver(parts: Parts, name: str, compute: Compute) -> Driver:
    url = parts.settings.public_url
    return Driver(
        database=parts.database,
        backend=name,
        compute=compute,
        owner=parts.owner,
        limits=parts.limits,
        patience=parts.patience,
        reports=parts.reports,
        export=parts.export,
        events=None if url is None else lambda run_id: f"{url}/runs/{run_id}/events",
    )
