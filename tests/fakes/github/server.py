"""The HTTP server under the fake: threads, keep-alive, and connections that really break."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

from fakes.github.faults import ResetConnection
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

CLOSE = "fakes.close"
_LINGER_NOT = struct.pack("ii", 1, 0)


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it, Nagle's algorithm and delayed acknowledgements cost 40 ms a request.
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        super().run_wsgi()
        if self.environ.get(CLOSE):
            self.close_connection = True

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True
        if isinstance(error, ResetConnection):
            # With nothing to linger for, closing sends a reset and not an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            os.close(self.connection.detach())

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time that GitHub's clock shows, which need not be that of this machine."""
        github = getattr(self.server.app, "github", None)
        ahead = github.clock_ahead if github else 0.0
        return super().date_time_string((timestamp or time.time()) + ahead)

    def log(self, *_: Any) -> None:
        """Say nothing: the fake records its requests itself."""


class _ThreadedServer(ThreadedWSGIServer):
    request_queue_size = 128

    def __init__(self, application: Callable[..., Any]) -> None:
        super().__init__("127.0.0.1", 0, application, _Handler)
        self._conversations: dict[socket.socket, threading.Thread] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._conversations[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        self._conversations.pop(request, None)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep open, and wait for their threads."""
        for connection, thread in list(self._conversations.items()):
            with contextlib.suppress(OSError):  # the client may be first
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)


class Server:
    """A server on a free port of 127.0.0.1."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self._server = _ThreadedServer(application)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=lambda: self._server.serve_forever(poll_interval=0.01), daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
