"""A worker as a process of its own, for tests that kill it: `worker_process.py DSN NAME`.

Its one task, `work`, writes what it does into the table `story`, and where the job says so waits in
the middle until the advisory lock `hold` can be had.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.service.database import Database
from bot.service.jobs import Lease
from bot.service.worker_queue import WorkerQueue

HEARTBEAT = 0.25
STALLED_AFTER = 1.0


def main(dsn: str, name: str) -> None:
    def work(lease: Lease, number: int, hold: int = 0) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:

            def tell(what: str) -> None:
                connection.execute("INSERT INTO story VALUES (%s, %s, %s)", [name, number, what])

            tell("began")
            if hold:
                connection.execute("SELECT pg_advisory_lock_shared(%s)", [hold])
            tell("done" if lease() else "not ours any more")

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    WorkerQueue(
        dsn=dsn,
        database=Database(dsn, size=4),
        tasks={"work": work},
        concurrency=2,
        heartbeat=HEARTBEAT,
        stalled_after=STALLED_AFTER,
        patience=10.0,
    ).run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
