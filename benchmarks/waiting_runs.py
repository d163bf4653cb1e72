"""What runs that wait in a cloud cost one worker, and how soon it hears of what they tell.

Each run is a row; the cloud is that of the tests, and never ends one. Printed for each number of
runs: the worker's memory, its share of a core while nothing changes, requests to the cloud in that
time, and the time from a run's own report (`POST /runs/ID/events`) until its review has it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from building.bots import environment_of, free_port
from fakes.cloud import Cloud
from fakes.github import GitHub
from sqlalchemy import insert

from bot.model import Review, ReviewRequest, Run, RunOptions, run_id
from bot.service.codec import review_text, run_text
from bot.service.database import Database
from bot.service.embedded import ensure_database, stop_database
from bot.service.migrations.migrate import migrate
from bot.service.tables import installations, repositories, reviews, runs

WORKER = Path(__file__).resolve().parents[1] / "tests" / "building" / "cloud_worker.py"
NUMBERS = (100, 1_000, 10_000)
A_REVIEW = 100
QUIET_SECONDS = 30.0
REPORTS = 40
MOST_MEGABYTES, MOST_SHARE, MOST_MILLISECONDS = 300, 0.05, 100


def main() -> int:
    """Print a line for each number of runs; return 1 where one of them is over what it may be."""
    table = Table("waiting runs", "memory", "of a core", "polls a minute", "report to review")
    is_good = True
    with GitHub() as github:
        for number in NUMBERS:
            memory, share, polls, delay = measured(number, github)
            table.add_row(
                f"{number:,}",
                f"{memory:.0f} MB",
                f"{share:.1%}",
                f"{polls:.0f}",
                f"{delay * 1000:.0f} ms",
            )
            is_good &= memory < MOST_MEGABYTES and share < MOST_SHARE
            is_good &= delay * 1000 < MOST_MILLISECONDS
    console = Console()
    console.print(table)
    console.print(
        f"To be under {MOST_MEGABYTES} MB, {MOST_SHARE:.0%} of a core and {MOST_MILLISECONDS} ms."
    )
    return 0 if is_good else 1


def measured(number: int, github: GitHub) -> tuple[float, float, float, float]:
    """Return megabytes, share of a core, polls a minute and seconds for *number* of runs."""
    folder = Path(tempfile.mkdtemp(prefix="nbci-waiting-"))
    folder.chmod(0o711)
    dsn = ensure_database(folder)
    try:
        migrate(dsn)
        fill(dsn, number)
        with Cloud(seconds=None) as cloud, processes(dsn, folder, github, cloud) as worker:
            deadline = time.monotonic() + 600
            while len(cloud.runs) < number:
                if time.monotonic() > deadline:
                    raise SystemExit(f"only {len(cloud.runs)} of {number} runs were submitted")
                time.sleep(0.2)
            time.sleep(25)  # until it looks as seldom as it ever does
            before = cloud.requests["poll"]
            share = share_of_a_core(worker)
            polls = (cloud.requests["poll"] - before) * 60 / QUIET_SECONDS
            memory = worker.memory_info().rss / 1e6
            return memory, share, polls, delay_of_reports(dsn, cloud)
    finally:
        stop_database(folder)


def share_of_a_core(worker: psutil.Process) -> float:
    """Return how much of a core the worker uses while nothing changes."""

    def used() -> float:
        times = worker.cpu_times()
        return float(times.user + times.system)

    before = used()
    time.sleep(QUIET_SECONDS)
    return (used() - before) / QUIET_SECONDS


def delay_of_reports(dsn: str, cloud: Cloud) -> float:
    """Return the median time from a run's report until its review was saved with it."""
    delays = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name, run in list(cloud.runs.items())[:: max(1, len(cloud.runs) // REPORTS)][:REPORTS]:
            began = time.perf_counter()
            report(run.events)
            while (
                '"cells_total":7'
                not in connection.execute(
                    "SELECT value FROM runs WHERE run_id = %s", [name]
                ).fetchone()[0]
            ):
                if time.perf_counter() - began > 30:
                    raise SystemExit(f"the report of {name} did not reach its review")
                time.sleep(0.001)
            delays.append(time.perf_counter() - began)
    return statistics.median(delays)


def report(events: dict[str, str]) -> None:
    """Send what a run's runner tells when it begins."""
    url = urlsplit(events["url"])
    body = {"number": 1, "events": [{"event": "started", "cells_total": 7}]}
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    headers = {
        "Authorization": f"Bearer {events['token']}",
        "Content-Type": "application/json",
    }
    connection.request("POST", url.path, json.dumps(body), headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != 202:
        raise SystemExit(f"a report was answered with {answer.status}: {said!r}")


def fill(dsn: str, number: int) -> None:
    """Put reviews with *number* of queued runs into the database, of a suspended installation."""
    database = Database(dsn, size=1)
    with database.begin() as connection:
        connection.execute(
            insert(installations).values(id=1, account="octo", suspended_at="2020-01-01")
        )
        place = {"id": 1, "installation_id": 1, "full_name": "octo/science"}
        rest = {"default_branch": "main", "clone_url": "", "private": False}
        connection.execute(insert(repositories).values(**place, **rest))
        for first in range(0, number, A_REVIEW):
            request = ReviewRequest(
                repository="octo/science", ref=f"refs/pull/{first}", head=f"{first:040x}"
            )
            planned = [new_run(request, position) for position in range(A_REVIEW)]
            row = {
                "repository_id": 1,
                "installation_id": 1,
                "number": first + 1,
                "ref": request.ref,
                "head_sha": request.head,
                "cause": f"benchmark:{first}",
                "attempt": 1,
                "value": review_text(Review(request=request, planned=True)),
                "page_key": f"key-{first}",
            }
            added = insert(reviews).values(row).returning(reviews.c.id)
            review_id = connection.execute(added).scalar_one()
            connection.execute(
                insert(runs),
                [
                    {
                        "run_id": run.run_id,
                        "review_id": review_id,
                        "repository_id": 1,
                        "installation_id": 1,
                        "position": position,
                        "backend": "cloud",
                        "value": run_text(run),
                        "state": "planned",
                    }
                    for position, run in enumerate(planned)
                ],
            )
    database.close()


def new_run(request: ReviewRequest, position: int) -> Run:
    """Return a run as planning makes it."""
    notebook = f"notebooks/analysis-{position}.ipynb"
    return Run(
        run_id=run_id(request, notebook, {}, 1),
        notebook=notebook,
        reasons=("changed",),
        options=RunOptions(backend="cloud"),
    )


@contextlib.contextmanager
def processes(dsn: str, folder: Path, github: GitHub, cloud: Cloud) -> Iterator[psutil.Process]:
    """Run a web process and a worker, and give the worker."""
    app = github.make_app(f"nbci-{len(github.apps)}")
    port = free_port()
    most = str(10**6)
    environment = environment_of(github, app, folder / "data") | {
        "DATABASE_URL": dsn,
        "NBCI_HEARTBEAT_SECONDS": "5",
        "NBCI_LOG_LEVEL": "warning",
        "NBCI_MAX_RUNS_PER_INSTALLATION": most,
        "NBCI_MAX_RUNS_PER_REPOSITORY": most,
        "NBCI_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    worker = [WORKER, cloud.url, "no-files"]
    commands = [["-m", "bot", "web", "--port", str(port)], worker]
    started = [
        psutil.Popen([sys.executable, *command], env=environment, cwd=folder)
        for command in commands
    ]
    try:
        yield started[1]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(40)


if __name__ == "__main__":
    os.environ.pop("DATABASE_URL", None)
    sys.exit(main())
