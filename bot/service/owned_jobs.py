"""The queue's jobs, each of which only the worker that has it may end.

procrastinate ends jobs by their id alone. So a worker that was asleep until its jobs were given to
others would, once awake, end them under the hands of those. Here whatever is said of a job names
the worker that has it, and the how manieth time it was given away: `attempts` grows each time.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping

from procrastinate import exceptions
from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback

from bot.service.queue import QUEUE

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0

_OURS = "id = %(id)s AND status = 'doing' AND worker_id = %(worker)s AND attempts = %(attempts)s"

STILL_OURS = f"SELECT 1 FROM procrastinate_jobs WHERE {_OURS}"  # noqa: S608 - constants
_END = f"DELETE FROM procrastinate_jobs WHERE {_OURS} RETURNING id"  # noqa: S608 - constants

# One of which the like waits already gives way to it.
_AGAIN = """
    WITH given AS (
        SELECT id, queueing_lock FROM procrastinate_jobs
        WHERE id = %(id)s AND status = 'doing' AND attempts = %(attempts)s
            AND worker_id IS NOT DISTINCT FROM %(worker)s::bigint
        FOR UPDATE
    ), dropped AS (
        DELETE FROM procrastinate_jobs jobs USING given WHERE jobs.id = given.id AND EXISTS (
            SELECT 1 FROM procrastinate_jobs waiting
            WHERE waiting.status = 'todo' AND waiting.queueing_lock = given.queueing_lock
        )
        RETURNING jobs.id
    ), again AS (
        UPDATE procrastinate_jobs jobs
        SET status = 'todo', attempts = attempts + 1, worker_id = NULL,
            scheduled_at = %(at)s::timestamptz
        FROM given WHERE jobs.id = given.id AND given.id NOT IN (SELECT id FROM dropped)
        RETURNING jobs.id, jobs.queue_name
    ), told AS (
        SELECT pg_notify(
            'procrastinate_queue_v1#' || queue_name,
            json_build_object('type', 'job_inserted', 'job_id', id)::text
        ) FROM again
    )
    SELECT id, (SELECT count(*) FROM told) FROM given
"""

_LOST = """
    SELECT jobs.id, task_name, attempts, worker_id
    FROM procrastinate_jobs jobs LEFT JOIN procrastinate_workers workers ON workers.id = worker_id
    WHERE status = 'doing' AND queue_name = %(queue)s
        AND (workers.id IS NULL OR last_heartbeat < now() - make_interval(secs => %(seconds)s))
"""

_BEAT = """
    UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker)s RETURNING id
"""


class OwnedJobs(JobManager):
    """procrastinate's job manager, for one worker, which works until *stop* is set."""

    def __init__(self, connector: BaseConnector, stop: threading.Event) -> None:
        super().__init__(connector)
        self._stop = stop

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Remove a job that was done, well or not; what it was about is remembered elsewhere.

        Tries until that is stored: as long as it is not, no other job of the same lock begins.
        """
        await self._stored(job, lambda: self._end(job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime.datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Have a job done again, not before *retry_at* unless somebody asks for it anew."""
        assert job.id is not None
        asked = {"id": job.id, "attempts": job.attempts, "worker": job.worker_id, "at": retry_at}
        await self._stored(job, lambda: self._give_back(asked))

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Listen for ever: procrastinate's worker does not notice that its listener has ended."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except exceptions.ConnectorException as error:
                _log.warning("new jobs are not heard of at once: %s", error.__cause__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def beat(self, worker_id: int) -> bool:
        """Show that the worker lives; return False where others have taken it for lost."""
        return bool(await self.connector.execute_query_all_async(_BEAT, worker=worker_id))

    async def rescue(self, seconds: float) -> int:
        """Give the jobs of workers without a sign of life for *seconds* to others; return how many.

        Any number may do so at once.
        """
        rescued = 0
        asked = {"queue": QUEUE, "seconds": float(seconds)}
        for row in await self.connector.execute_query_all_async(_LOST, **asked):
            taken = {"id": row["id"], "attempts": row["attempts"], "worker": row["worker_id"]}
            if await self._give_back({**taken, "at": None}):
                _log.warning("job %s (%s) was left by a lost worker", row["id"], row["task_name"])
                rescued += 1
        return rescued

    async def _end(self, job: Job) -> bool:
        asked = {"id": job.id, "attempts": job.attempts, "worker": job.worker_id}
        return bool(await self.connector.execute_query_all_async(_END, **asked))

    async def _give_back(self, asked: Mapping[str, object]) -> bool:
        try:
            return bool(await self.connector.execute_query_all_async(_AGAIN, **asked))
        except exceptions.UniqueViolation:
            # Its like has come to wait just now, and is seen this time.
            return bool(await self.connector.execute_query_all_async(_AGAIN, **asked))

    async def _stored(self, job: Job, store: Callable[[], Awaitable[bool]]) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                if not await store():
                    _log.warning("job %s was given to another worker meanwhile", job.id)
            except exceptions.ConnectorException as error:
                _log.warning("how job %s ended cannot be stored: %s", job.id, error.__cause__)
            else:
                return
            if self._stop.is_set():
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
