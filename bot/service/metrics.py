"""The numbers of the bot, for Prometheus.

They are read from the database when they are asked for: any web process answers for all processes.
They carry no names and no secrets, an installation is a number.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from flask import Response

from bot.pacing import WINDOWS
from bot.service.pool import DatabaseAway, database_errors
from bot.service.telemetry import Values
from bot.service.web import Web

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_log = logging.getLogger(__name__)

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
        f"SELECT {_OUTCOME}, count(*) FROM runs WHERE state = 'ended' GROUP BY 1",  # noqa: S608 - ours
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

_MADE = "nbci_github_writes"
_LEFT = "nbci_github_writes_left"

ABOUT = {
    **{gauge.name: gauge.about for gauge in _GAUGES},
    _MADE: "Calls of GitHub's API that write, within so many seconds",
    _LEFT: "Such calls that may be made before the bot waits",
}
"""The names of all numbers of the bot, and what each is."""

_LABELS = {
    **{gauge.name: gauge.labels for gauge in _GAUGES},
    **dict.fromkeys((_MADE, _LEFT), ("installation", "seconds")),
}

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
                numbers = _read(connection)
                found.extend(_family(name, _LABELS[name], numbers[name]) for name in ABOUT)
        except DatabaseAway:
            found = []
        about = "Whether the database could be asked"
        yield GaugeMetricFamily("nbci_database_up", about, 1.0 if found else 0.0)
        yield from found

    def read(self) -> dict[str, Values]:
        """Return the numbers of the bot by name, none where the database is away.

        All processes would say the same: take one of them, not the sum.
        """
        try:
            with database_errors(), self.web.pool.connection() as connection:
                connection.execute(_PATIENCE)
                return _read(connection)
        except DatabaseAway as error:
            _log.warning("no numbers are sent: %s", error)
            return dict.fromkeys(ABOUT, ())


def _read(connection: psycopg.Connection[Any]) -> dict[str, Values]:
    return {
        **{gauge.name: _values(gauge, connection) for gauge in _GAUGES},
        **_budget(connection),
    }


def _values(gauge: _Gauge, connection: psycopg.Connection[Any]) -> Values:
    return [
        (float(value), dict(zip(gauge.labels, map(str, labels), strict=True)))
        for *labels, value in connection.execute(gauge.query.encode())
    ]


def _budget(connection: psycopg.Connection[Any]) -> dict[str, Values]:
    """Return what was written to GitHub, and how much more may be (bot.pacing)."""
    made, left = [], []
    for seconds, most in WINDOWS:
        for installation, writes in connection.execute(_WRITTEN, (seconds,)):
            labels = {"installation": installation, "seconds": f"{seconds:.0f}"}
            written = float(writes or 0)
            made.append((written, labels))
            left.append((max(0.0, most - written), labels))
    return {_MADE: made, _LEFT: left}


def _family(name: str, labels: Sequence[str], values: Values) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, ABOUT[name], labels=labels)
    for value, of in values:
        family.add_metric([of[label] for label in labels], value)
    return family
