"""Traces and numbers for who wants them: OpenTelemetry, off unless something says where to.

Nothing of OpenTelemetry is imported before that. It is set up with its own variables:
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.errors import UsageError

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_TRACES = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_METRICS = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"

_PLACES = {"healthz", "metrics", "readyz", "reports", "runs", "webhook"}

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


Values = Sequence[tuple[float, Mapping[str, str]]]
"""Numbers of one name, each with the labels that it is for."""


@dataclass
class Telemetry:
    """Where spans and numbers go; nowhere, until it is started."""

    _tracer: Any = None
    _meter: Any = None
    _providers: list[Any] = field(default_factory=list)

    def start(self, role: str, application_insights: str | None) -> None:
        """Send what the process *role* does where the environment says, or to Azure.

        Raises UsageError where that needs packages that are not installed.
        """
        if application_insights is None and not any(
            map(os.environ.get, (_ENDPOINT, _TRACES, _METRICS))
        ):
            return
        os.environ.setdefault("OTEL_SERVICE_NAME", f"nbci-{role}")
        if application_insights is not None:
            self._send(*_to_azure(application_insights))
        else:
            self._send(*_to_collector())

    def stop(self) -> None:
        """Send what is left."""
        for provider in self._providers:
            provider.shutdown()
        self._tracer = self._meter = None
        self._providers.clear()

    @contextlib.contextmanager
    def span(self, name: str, **about: str | int) -> Iterator[None]:
        """Have what is done meanwhile be one span; of what it raises, the kind is noted in it.

        The text of an error, which is masked in the log, does not leave the machine this way.
        """
        if self._tracer is None:
            yield
            return
        with self._spanned(name, "INTERNAL", about):
            yield

    def observe(self, about: Mapping[str, str], read: Callable[[], dict[str, Values]]) -> None:
        """Send what *read* returns every minute, or as often as OTEL_METRIC_EXPORT_INTERVAL says.

        It returns all names of *about*, which says what each number is.
        """
        if self._meter is None:
            return
        reading = _Reading(read)
        for name, text in about.items():
            take = functools.partial(reading.take, name)
            self._meter.create_observable_gauge(name, [take], description=text)

    def around(self, app: WsgiApp) -> WsgiApp:
        """Return *app* with a span for each request."""
        if self._tracer is None:
            return app

        def traced(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            # No more of the address than that: a report's is the key to it.
            first = str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")[0]
            where = f"/{first}" if first in _PLACES else "elsewhere"
            name = f"{environ.get('REQUEST_METHOD', '')} {where}"
            with self._spanned(name, "SERVER", {}) as span:
                return app(environ, _noting_status(span, start_response))

        return traced

    @contextlib.contextmanager
    def _spanned(self, name: str, kind: str, about: Mapping[str, str | int]) -> Iterator[Any]:
        from opentelemetry.trace import SpanKind, StatusCode

        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind[kind],
            attributes=about,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(StatusCode.ERROR)
                raise

    def _send(self, spans: Any, numbers: Any) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import set_tracer_provider

        if spans is not None:
            tracers = TracerProvider()
            tracers.add_span_processor(BatchSpanProcessor(spans))
            set_tracer_provider(tracers)  # where Azure's exporter looks for the service's name
            self._tracer = tracers.get_tracer("nbci")
            self._providers.append(tracers)
        if numbers is not None:
            meters = MeterProvider([PeriodicExportingMetricReader(numbers)])
            self._meter = meters.get_meter("nbci")
            self._providers.append(meters)


def _to_collector() -> tuple[Any, Any]:
    """Return what sends spans, and what sends numbers, where the environment has them sent."""
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise UsageError(
            f"{_ENDPOINT}: needs more packages: pip install 'nbci[telemetry]'"
        ) from None
    everything = os.environ.get(_ENDPOINT)
    return (
        OTLPSpanExporter() if everything or os.environ.get(_TRACES) else None,
        OTLPMetricExporter() if everything or os.environ.get(_METRICS) else None,
    )


def _to_azure(connection_string: str) -> tuple[Any, Any]:
    """Return what sends spans, and what sends numbers, to Application Insights.

    Not by `configure_azure_monitor`: it would also send the log, from where secrets are not taken
    out yet, and the addresses of all requests, which for reports are their keys.
    https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-configuration
    """
    try:
        from azure.monitor.opentelemetry.exporter import (
            AzureMonitorMetricExporter,
            AzureMonitorTraceExporter,
        )
    except ImportError:
        raise UsageError(
            "APPLICATIONINSIGHTS_CONNECTION_STRING: needs more packages: pip install 'nbci[azure]'"
        ) from None
    about = {"connection_string": connection_string, "disable_offline_storage": True}
    try:
        return AzureMonitorTraceExporter(**about), AzureMonitorMetricExporter(**about)
    except ValueError as error:
        raise UsageError(f"APPLICATIONINSIGHTS_CONNECTION_STRING: {error}") from None


def _noting_status(span: Any, start_response: Callable[..., Any]) -> Callable[..., Any]:
    def start(status: str, *rest: Any) -> Any:
        span.set_attribute("http.response.status_code", int(status.partition(" ")[0]))
        return start_response(status, *rest)

    return start


@dataclass
class _Reading:
    """What was read together, which is asked for name by name."""

    read: Callable[[], dict[str, Values]]
    _left: dict[str, Values] = field(default_factory=dict)

    def take(self, name: str, options: object) -> Iterable[Any]:
        """Return the numbers of *name*, read anew where these were already taken."""
        from opentelemetry.metrics import Observation

        del options
        if name not in self._left:
            self._left = self.read()
        return [Observation(value, dict(labels)) for value, labels in self._left.pop(name)]
