"""Traces go where the environment says, and nothing of them is there where it says nothing."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.errors import UsageError
from bot.service.telemetry import Telemetry


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Where traces can be sent to, and what was."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            received.append(ExportTraceServiceRequest.FromString(body))
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
    from bot.service.telemetry import Telemetry

    telemetry = Telemetry()
    telemetry.start("worker", None)
    with telemetry.span("advance", review=7):
        with telemetry.span("show"):
            pass
    app = telemetry.around(lambda environ, start_response: [b""])
    app({"PATH_INFO": "/reports/secret-key/index.html", "REQUEST_METHOD": "GET"}, None)
    telemetry.stop()
""")


def test_spans_are_sent_with_what_they_are_about(collector):
    url, received = collector
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}

    subprocess.run([sys.executable, "-c", SPANS], env=environ, check=True, timeout=60)

    spans = [
        span
        for request in received
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.name: span for span in spans}
    assert set(names) == {"advance", "show", "GET /reports"}
    (about,) = names["advance"].attributes
    assert (about.key, about.value.int_value) == ("review", 7)
    assert names["show"].parent_span_id == names["advance"].span_id
    assert "secret-key" not in str(received)
    services = {
        attribute.value.string_value
        for request in received
        for resource in request.resource_spans
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    }
    assert services == {"nbci-worker"}


def test_nothing_is_imported_where_nobody_wants_traces():
    asked = SPANS + "\nimport sys; print([name for name in sys.modules if 'opentelemetry' in name])"

    done = subprocess.run(
        [sys.executable, "-c", asked], env={}, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.monitor.opentelemetry", None)

    with pytest.raises(UsageError, match=r"APPLICATIONINSIGHTS_CONNECTION_STRING.*nbci\[azure\]"):
        Telemetry().start("web", "InstrumentationKey=0")
