"""Traces and numbers go where the environment says; where it says nothing, there are none."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from bot.errors import UsageError
from bot.service.telemetry import Telemetry

KINDS = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[object]]]:
    """Where traces and numbers can be sent to, and what was."""
    received: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(KINDS[self.path].FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    thread.join()
    server.server_close()


SPANS = textwrap.dedent("""
    import contextlib
    from bot.service.telemetry import Telemetry

    telemetry = Telemetry()
    telemetry.start("worker", None)
    telemetry.observe({"nbci_runs": "Runs"}, lambda: {"nbci_runs": [(3.0, {"state": "queued"})]})
    with telemetry.span("advance", review=7):
        with telemetry.span("show"):
            pass
    with contextlib.suppress(ValueError), telemetry.span("take_delivery"):
        raise ValueError("secret-text")
    app = telemetry.around(lambda environ, start_response: start_response("404 NOT FOUND", []))
    for path in ("/reports/secret-key/index.html", "*", "/secret-place"):
        app({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, lambda status, headers: [b""])
    telemetry.stop()
""")


def run(**environ: str) -> None:
    subprocess.run([sys.executable, "-c", SPANS], env=environ, check=True, timeout=60)


def spans_in(received: list[object]) -> list[Span]:
    return [
        span
        for request in received
        if isinstance(request, ExportTraceServiceRequest)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def about(span: Span) -> dict[str, object]:
    """Return what a span says that it is about."""
    return {
        one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes
    }


def test_spans_are_sent_with_what_they_are_about(collector):
    url, received = collector

    run(OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_COMPRESSION="none")

    spans = {span.name: span for span in spans_in(received)}
    assert set(spans) == {"advance", "show", "take_delivery", "GET /reports", "GET elsewhere"}
    assert about(spans["advance"]) == {"review": 7}
    assert spans["show"].parent_span_id == spans["advance"].span_id
    assert about(spans["GET /reports"]) == {"http.response.status_code": 404}
    services = {
        attribute.value.string_value
        for request in received
        if isinstance(request, ExportTraceServiceRequest)
        for resource in request.resource_spans
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    }
    assert services == {"nbci-worker"}


def test_what_may_be_secret_is_not_sent(collector):
    url, received = collector

    run(OTEL_EXPORTER_OTLP_ENDPOINT=url)

    (failed,) = (span for span in spans_in(received) if span.name == "take_delivery")
    assert about(failed) == {"error.type": "ValueError"}
    assert failed.status.code == Status.STATUS_CODE_ERROR
    assert "secret-" not in str(received)


def test_numbers_are_sent_where_they_alone_are_wanted(collector):
    url, received = collector

    run(OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=f"{url}/v1/metrics")

    assert not spans_in(received)
    (metric,) = (
        metric
        for request in received
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
    (point,) = metric.gauge.data_points
    assert (metric.name, point.as_double) == ("nbci_runs", 3.0)
    assert (point.attributes[0].key, point.attributes[0].value.string_value) == ("state", "queued")


def test_nothing_is_imported_where_nobody_wants_traces():
    asked = SPANS + "\nimport sys; print([name for name in sys.modules if 'opentelemetry' in name])"

    done = subprocess.run(
        [sys.executable, "-c", asked], env={}, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.monitor.opentelemetry.exporter", None)

    with pytest.raises(UsageError, match=r"APPLICATIONINSIGHTS_CONNECTION_STRING.*nbci\[azure\]"):
        Telemetry().start("web", "InstrumentationKey=0")
