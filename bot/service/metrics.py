"""The numbers of the bot, for Prometheus.

They are read from the database when they are asked for: any web process answers for all processes.
They carry no names and no secrets, an installation is a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from flask import Response

from bot.pacing import WINDOWS
from bot.service.pool import DatabaseAway, database_errors
from bot.service.web import Web

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_PATIENCE = "SET LOCAL statement_timeout = '5s'"


@dataclass(frozen=True, slots=True)
class _Gauge:
    """A number for each row of a query, whose last column it is; the others are its labels."""

    name: str
    about: str
    query: str
    labels: Sequence[str] = ()


# The outcome is the first value of a result's JSON, and a result may be large.
_OUTCOME = "coalesce(nullif(split_part(left(result, 40), '\"', 4), ''), 'cancelled')"

_GAUGES = (
    _Gauge(
        "nbci_deliveries",
        "Deliveries of GitHub that are kept, by state",
        "SELECT state, count(*) FROM deliveries GROUP BY state",
        ["state"],
    ),
    _Gauge(
        "nbci_delivery_age_seconds",
        "Age of the oldest delivery that waits to be dealt with, 0 where none does",
        "SELECT coalesce(extract(epoch FROM now() - min(received_at)), 0) FROM deliveries"
        " WHERE state = 'waiting'",
    ),
    _Gauge(
        "nbci_reviews_open",
        "Reviews that go on",
        "SELECT count(*) FROM reviews WHERE NOT is_over",
    ),
    _Gauge(
        "nbci_reviews_not_shown",
        "Reviews whose end is not shown on GitHub yet",
        "SELECT count(*) FROM reviews WHERE is_over AND NOT is_shown",
    ),
    _Gauge(
        "nbci_reviews_failing",
        "Reviews whose last step ended in an error of the bot's own",
        "SELECT count(*) FROM reviews WHERE failures > 0 AND NOT (is_over AND is_shown)",
    ),
    _Gauge(
        "nbci_runs",
        "Runs that have not ended, by state",
        "SELECT state, count(*) FROM runs WHERE state <> 'ended' GROUP BY state",
        ["state"],
    ),
    _Gauge(
        "nbci_runs_ended",
        "Runs that have ended and are kept, by outcome",
        f"SELECT {_OUTCOME}, count(*) FROM runs WHERE state = 'ended' GROUP BY 1",  # noqa: S608
        ["outcome"],
    ),
    _Gauge(
        "nbci_run_age_seconds",
        "For how long the run has waited that waits longest for its turn, 0 where none does",
        "SELECT coalesce(extract(epoch FROM now() - min(queued_at)), 0) FROM runs"
        " WHERE state = 'queued'",
    ),
    _Gauge(
        "nbci_queue_jobs",
        "Jobs of the queue by task and status",
        "SELECT task_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2",
        ["task", "status"],
    ),
    _Gauge(
        "nbci_queue_age_seconds",
        "Age of the oldest job that waits for a worker, 0 where none does",
        "SELECT coalesce(extract(epoch FROM now() - min(at)), 0)"
        " FROM procrastinate_events JOIN procrastinate_jobs AS jobs ON jobs.id = job_id"
        " WHERE jobs.status = 'todo' AND type = 'deferred'",
    ),
    _Gauge(
        "nbci_workers",
        "Workers that have shown a sign of life within a minute",
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '60 s'",
    ),
    _Gauge(
        "nbci_github_paused",
        "Installations for which GitHub is not asked for anything until a later time",
        "SELECT count(*) FROM installations WHERE paused_until > now()",
    ),
)

_WRITTEN = """
    SELECT installation_id::text,
        sum(writes) FILTER (WHERE moment > now() - make_interval(secs => %s))
    FROM github_writes WHERE moment > now() - interval '2 hours' GROUP BY installation_id
"""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The view of all numbers."""

    web: Web

    def show(self) -> Response:
        """Return the numbers of the bot, and of the process that answers, as text."""
        # 50 ms that a process need not spend before it has answered its first webhook.
        import prometheus_client as prometheus

        registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=registry)
        prometheus.PlatformCollector(registry=registry)
        registry.register(self)
        return Response(
            prometheus.generate_latest(registry), content_type=prometheus.CONTENT_TYPE_LATEST
        )

    def describe(self) -> list[Metric]:
        """Return nothing: what there is, is known once the database was asked."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of the bot; of a database that is away, that it is."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily("nbci", "The program", {"version": self.web.version})
        found: list[Metric] = []
        try:
            with database_errors(), self.web.pool.connection() as connection:
                connection.execute(_PATIENCE)
                found.extend(_read(connection, gauge) for gauge in _GAUGES)
                found.extend(_budget(connection))
        except DatabaseAway:
            found = []
        about = "Whether the database could be asked"
        yield GaugeMetricFamily("nbci_database_up", about, 1.0 if found else 0.0)
        yield from found


def _read(connection: psycopg.Connection[Any], gauge: _Gauge) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(gauge.name, gauge.about, labels=gauge.labels)
    for *labels, value in connection.execute(gauge.query.encode()):
        family.add_metric([str(label) for label in labels], float(value))
    return family


def _budget(connection: psycopg.Connection[Any]) -> list[Metric]:
    """Return what was written to GitHub, and how much more may be (bot.pacing)."""
    from prometheus_client.core import GaugeMetricFamily

    labels = ["installation", "seconds"]
    made = GaugeMetricFamily(
        "nbci_github_writes",
        "Calls of GitHub's API that write, within so many seconds",
        labels=labels,
    )
    left = GaugeMetricFamily(
        "nbci_github_writes_left", "Such calls that may be made before the bot waits", labels=labels
    )
    for seconds, most in WINDOWS:
        for installation, writes in connection.execute(_WRITTEN, (seconds,)):
            written = float(writes or 0)
            made.add_metric([installation, f"{seconds:.0f}"], written)
            left.add_metric([installation, f"{seconds:.0f}"], max(0.0, most - written))
    return [made, left]
