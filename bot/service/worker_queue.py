"""The worker's side of the queue: jobs fetched, done and, when their worker is lost, done again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import procrastinate
import psycopg
from procrastinate import BaseRetryStrategy, RetryDecision, exceptions
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from psycopg_pool import AsyncConnectionPool

from bot.service.database import Database
from bot.service.jobs import Lease
from bot.service.owned_jobs import STILL_OURS, OwnedJobs
from bot.service.pool import CONNECTING, DatabaseAway
from bot.service.queue import QUEUE

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_LONGEST_RETRY_PAUSE = 30

_LOOK_FOR_JOBS = 2.0
"""Seconds after which to look although nobody has said that there are jobs."""

_TICK = 0.2
"""Seconds after which to look whether to stop."""

_NEVER = 10.0**9

Task = Callable[..., None]
"""Does a job: given its Lease, and its arguments by name.

What it raises is logged, and the job is over, but for DatabaseAway: then it is done again. It may
be done more than once, if rarely at the same time as well.
"""


@dataclass(frozen=True)
class WorkerQueue:
    """Does the jobs of the queue, *concurrency* at a time, each in a thread.

    Each *heartbeat* seconds it shows that it lives; a worker that has not for *stalled_after*
    seconds counts as lost, and the others do its jobs. Once it is to stop, jobs at work have
    *patience* seconds to end; what then still is at work is given back.
    """

    dsn: str
    database: Database
    tasks: Mapping[str, Task]
    concurrency: int
    heartbeat: float
    stalled_after: float
    patience: float

    def run(self, stop: threading.Event) -> None:
        """Do jobs until *stop* is set, whatever becomes of the database meanwhile.

        Threads that have not ended in time go on until the process ends: it should.
        """
        asyncio.run(self._run(stop))

    async def _run(self, stop: threading.Event) -> None:
        pause = _FIRST_PAUSE
        while not stop.is_set():
            loop = asyncio.get_running_loop()
            began = loop.time()
            try:
                await self._work(stop)
            except (psycopg.Error, exceptions.ConnectorException) as error:
                _log.warning("the queue cannot be used: %s", error.__cause__ or error)
            if loop.time() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            if not stop.is_set():
                _log.info("looking for jobs again in %.1f s", pause)
                await asyncio.to_thread(stop.wait, pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _work(self, stop: threading.Event) -> None:
        """Do jobs until *stop* is set, or the database does not tell any more that there are some.

        procrastinate's worker ends when its connection is lost and cannot be made anew at once.
        """
        async with self._open_app() as app:
            jobs = app.job_manager = OwnedJobs(app.connector, stop)
            worker = Worker(
                app,
                queues=[QUEUE],
                concurrency=self.concurrency,
                fetch_job_polling_interval=_LOOK_FOR_JOBS,
                shutdown_graceful_timeout=self.patience,
                delete_jobs="always",
                install_signal_handlers=False,
                # It stops doing so as soon as it is told to stop, with jobs at work.
                update_heartbeat_interval=_NEVER,
                stalled_worker_timeout=self.stalled_after,
            )
            ended = asyncio.Event()
            beside = asyncio.create_task(self._watch(worker, jobs, stop, ended))
            # Should it fail, nobody would show that the worker lives.
            beside.add_done_callback(lambda _: worker.stop())  # type: ignore[no-untyped-call]
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            finally:
                # Until Python 3.12 a cancellation is lost that comes at the wrong moment.
                ended.set()
                await beside

    @contextlib.asynccontextmanager
    async def _open_app(self) -> AsyncIterator[procrastinate.App]:
        """Give procrastinate with our tasks, on connections that are known to work."""
        app = procrastinate.App(connector=procrastinate.PsycopgConnector())
        for name, task in self.tasks.items():
            app.task(name=name, queue=QUEUE, pass_context=True, retry=_GiveBack())(
                self._in_thread(task)
            )
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            self.dsn,
            min_size=1,
            max_size=4,
            timeout=5.0,
            reconnect_timeout=5.0,
            kwargs={**CONNECTING, "application_name": "nbci queue"},
            check=AsyncConnectionPool.check_connection,
            open=False,
        )
        async with pool:
            await pool.wait(timeout=5.0)
            async with app.open_async(pool):
                yield app

    def _in_thread(self, task: Task) -> Callable[..., Any]:
        async def run(context: JobContext, **arguments: Any) -> None:
            lease = self._lease(context.job)
            await asyncio.wrap_future(_begin(lambda: task(lease, **arguments)))

        return run

    def _lease(self, job: Job) -> Lease:
        asked = {"id": job.id, "worker": job.worker_id, "attempts": job.attempts}

        def is_ours() -> bool:
            with self.database.begin() as connection:
                return connection.exec_driver_sql(STILL_OURS, asked).first() is not None

        return is_ours

    async def _watch(
        self, worker: Worker, jobs: OwnedJobs, stop: threading.Event, ended: asyncio.Event
    ) -> None:
        """Show that the worker lives until it has *ended*, and tell it when it is to *stop*."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + self.heartbeat
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_TICK, self.heartbeat)):
                    await ended.wait()
            if loop.time() >= beat_at and worker.worker_id is not None:
                beat_at = loop.time() + self.heartbeat
                await self._beat(worker, jobs)
            if stop.is_set():
                worker.stop()  # type: ignore[no-untyped-call]

    async def _beat(self, worker: Worker, jobs: OwnedJobs) -> None:
        """Show that the worker lives, and see to the jobs of those that do not any more."""
        assert worker.worker_id is not None
        try:
            if not await jobs.beat(worker.worker_id):
                _log.warning("this worker was taken for lost: it begins anew")
                worker.stop()  # type: ignore[no-untyped-call]
            await jobs.rescue(self.stalled_after)
        except exceptions.ConnectorException as error:
            _log.warning("no sign of life can be given: %s", error.__cause__)


class _GiveBack(BaseRetryStrategy):
    """Has a job done again that could not be done for want of time, or of the database."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision()
        if isinstance(exception, DatabaseAway):
            seconds = min(2 ** min(job.attempts, 10), _LONGEST_RETRY_PAUSE)
            return RetryDecision(retry_in={"seconds": seconds})
        return None


def _begin(function: Callable[[], None]) -> Future[None]:
    """Call *function* in a thread of its own, which does not keep the process from ending."""
    future: Future[None] = Future()

    def work() -> None:
        future.set_running_or_notify_cancel()
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - raised again where the future is awaited
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=work, name="job", daemon=True).start()
    return future
