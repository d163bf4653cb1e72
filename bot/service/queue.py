"""Putting jobs into the queue, as part of what makes them necessary.

This writes into procrastinate's table itself, for two things that its own functions do not do: a
job that waits already is no error, and a wake-up that comes while a worker fetches that job is not
lost. Tests hold that its own workers find what is written here.
"""

from __future__ import annotations

import json
from typing import Any

import psycopg

from bot.service.jobs import Job

QUEUE = "nbci"

# A job that waits is locked until the transaction ends, and workers pass over what is locked: it
# begins after what it is to see was committed, and at once although it was to wait longer. A worker
# that looked meanwhile is told to look again: the insert of a new job says the same in the same
# words, and PostgreSQL says it once.
# https://procrastinate.readthedocs.io/en/stable/discussions.html#about-locks
_DEFER = """
    WITH deferred AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
        VALUES (%(queue)s, %(task)s, %(lock)s, %(lock)s, %(arguments)s)
        ON CONFLICT (queueing_lock) WHERE status = 'todo'
        DO UPDATE SET args = excluded.args, scheduled_at = NULL
        RETURNING id, queue_name
    )
    SELECT pg_notify(
        'procrastinate_queue_v1#' || queue_name,
        json_build_object('type', 'job_inserted', 'job_id', id)::text
    ) FROM deferred
"""


def defer(connection: psycopg.Connection[Any], job: Job) -> None:
    """Have *job* done once the transaction of *connection* is committed."""
    values = {
        "queue": QUEUE,
        "task": job.task,
        "lock": job.lock,
        "arguments": json.dumps(job.arguments),
    }
    connection.execute(_DEFER, values)
