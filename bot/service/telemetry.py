"""Traces for who wants them: OpenTelemetry, off unless something says where they are to go.

Nothing of OpenTelemetry is imported before that. It is set up with its own variables:
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot.errors import UsageError

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Telemetry:
    """Where spans go; nowhere, until it is started."""

    def __init__(self) -> None:
        self._tracer: Any = None
        self._provider: Any = None

    def start(self, role: str, application_insights: str | None) -> None:
        """Send spans of the process *role* where the environment says, or to Azure.

        Raises UsageError where that needs packages that are not installed.
        """
        if application_insights is None and not any(map(os.environ.get, _ENDPOINTS)):
            return
        os.environ.setdefault("OTEL_SERVICE_NAME", f"nbci-{role}")
        if application_insights is not None:
            self._start_azure(application_insights)
        else:
            self._start_otlp()
        from opentelemetry import trace

        self._provider = trace.get_tracer_provider()
        self._tracer = trace.get_tracer("nbci")

    def stop(self) -> None:
        """Send what is left."""
        if self._provider is not None:
            self._provider.shutdown()
            self._tracer = self._provider = None

    @contextlib.contextmanager
    def span(self, name: str, **about: str | int) -> Iterator[None]:
        """Have what is done meanwhile be one span; what it raises is noted in it."""
        if self._tracer is None:
            yield
            return
        with self._tracer.start_as_current_span(name, attributes=about):
            yield

    def around(self, app: WsgiApp) -> WsgiApp:
        """Return *app* with a span for each request."""
        if self._tracer is None:
            return app

        def traced(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            # A report's address is the key to it.
            where = "/" + str(environ.get("PATH_INFO", "")).split("/", 2)[1]
            method = str(environ.get("REQUEST_METHOD", ""))
            with self.span(f"{method} {where}"):
                return app(environ, start_response)

        return traced

    @staticmethod
    def _start_otlp() -> None:
        try:
            from opentelemetry import trace
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            raise UsageError(
                f"{_ENDPOINTS[0]}: needs more packages: pip install 'nbci[telemetry]'"
            ) from None
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)

    @staticmethod
    def _start_azure(connection_string: str) -> None:
        # https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-enable
        try:
            from azure.monitor.opentelemetry import configure_azure_monitor
        except ImportError:
            raise UsageError(
                "APPLICATIONINSIGHTS_CONNECTION_STRING: needs more packages:"
                " pip install 'nbci[azure]'"
            ) from None
        configure_azure_monitor(connection_string=connection_string)
