"""The web server: gunicorn with threads, set up so that no client can hold it for long.

https://gunicorn.org/reference/settings/
"""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify
from gunicorn import glogging
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from bot.errors import UsageError

_log = logging.getLogger(__name__)
_access_log = logging.getLogger("bot.access")

_TO_TAKE = 30.0
"""Seconds that a client has to take each part of an answer."""
_TO_LEAVE = 0.5
"""Seconds without another byte after which a client that was refused has heard it."""
_BACKLOG = 1024
_ORDINARY = ("/healthz", "/metrics", "/readyz", "/webhook")
"""What is asked all the time; of webhooks that are taken there is another line."""


def serve_web(
    make_app: Callable[[], Flask],
    *,
    host: str,
    port: int,
    workers: int = 1,
    threads: int = 16,
    graceful: float = 10.0,
    patience: float = 20.0,
) -> None:
    """Serve what *make_app* returns, called in each worker process, until SIGTERM; then exit.

    What is being answered then has *graceful* seconds to end. A client has *patience* seconds to
    send a request; GitHub itself gives up after ten. Raises UsageError where *host* and
    *port* cannot be listened on.
    """
    listener = _listen(host, port)
    _log.info("listening at %s", _address(listener))
    _Gunicorn(
        make_app,
        bind=[f"fd://{listener.detach()}"],
        workers=workers,
        threads=threads,
        worker_class=type("Worker", (_Worker,), {"patience": patience}),
        logger_class=_Log,
        accesslog="-",
        timeout=60,
        graceful_timeout=max(1, round(graceful)),
        keepalive=15,
        limit_request_line=4094,
        limit_request_fields=64,
        limit_request_field_size=8190,
        sendfile=False,  # it would pass by the time that clients are given
        control_socket_disable=True,
    ).run()


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raises UsageError."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"--host {host} --port {port}: it is not possible to listen there: {why};"
            " name an address of this machine and a port that is free"
        ) from None
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """Gunicorn without its files and command line."""

    cfg: Config

    def __init__(self, make_app: Callable[[], Flask], **options: object) -> None:
        self._make_app = make_app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        app = self._make_app()
        app.register_error_handler(ParseException, _malformed)
        return app


def _malformed(error: ParseException) -> tuple[Response, int]:
    """Return that a body's chunks are none, which shows only when the application reads it."""
    del error
    return jsonify(error="malformed body: its chunks are not well formed"), 400


class _ImpatientSocket(socket.socket):
    """A connection whose client has only so much time: to send a request, and to take the answer.

    A worker's thread reads without a limit otherwise, and a byte now and then holds it for ever.
    Who is too late finds the connection closed.
    """

    deadline = float("inf")

    def begin(self, patience: float) -> None:
        """Expect a request from now on, within *patience* seconds."""
        self.deadline = time.monotonic() + patience

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        left = self.deadline - time.monotonic()
        given = self.gettimeout()
        if given is None or given > left:
            self.settimeout(max(left, 0.001))
        try:
            if left > 0:
                return super().recv(size, flags)
        except TimeoutError:
            pass
        raise ConnectionResetError(errno.ECONNRESET, "the client took too long")

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        self.settimeout(_TO_TAKE)
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the client took too long") from None


class _Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threads, with clients that are not waited for."""

    patience: float

    def handle(self, conn: TConn) -> object:
        """Answer a request; return whether the connection may be kept."""
        if not isinstance(conn.sock, _ImpatientSocket):
            conn.sock = _ImpatientSocket(fileno=conn.sock.detach())
        conn.sock.begin(self.patience)
        is_kept = super().handle(conn)
        if is_kept is False:
            _let_go(conn.sock)
        return is_kept


def _let_go(connection: _ImpatientSocket) -> None:
    """Say that nothing more is to come, and throw away what the client still sends in its time.

    Closed at once, a connection with unread bytes is reset, and the client would not get to see why
    its request was refused. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
    """
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(_TO_LEAVE)
        while connection.recv(65536):
            pass


class _Log(glogging.Logger):  # type: ignore[misc]
    """Gunicorn's log as part of the program's own, which says where it goes."""

    def setup(self, cfg: Config) -> None:
        self.cfg = cfg
        self._access_log_enabled = True
        self.error_log = logging.getLogger("bot.gunicorn")
        self.error_log.setLevel(logging.INFO)  # below that it names what was asked for
        self.access_log = _access_log

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """Log an answer: neither headers nor queries, and of a report not the key to it."""
        path = str(environ.get("PATH_INFO", "?"))  # there is none of what is no HTTP
        is_ordinary = path in _ORDINARY and str(resp.status)[:1] == "2"
        _access_log.log(
            logging.DEBUG if is_ordinary else logging.INFO,
            "%s %s %s",
            ascii(environ.get("REQUEST_METHOD", "?"))[1:-1],
            _unkeyed(path),
            str(resp.status).partition(" ")[0],
            extra={"milliseconds": round(request_time.total_seconds() * 1000)},
        )


def _unkeyed(path: str) -> str:
    """Return a path as it may be logged.

    >>> _unkeyed("/reports/Q2hlZXNlIGlzIGdvb2Q/index.html")
    '/reports/.../index.html'
    """
    return ascii(re.sub(r"^/reports/[^/]*", "/reports/...", path))[1:-1]
