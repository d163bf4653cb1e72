"""A web server for one person and one purpose."""

from __future__ import annotations

import threading

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.errors import UsageError


class _Discreet(WSGIRequestHandler):
    """Keeps addresses to itself: the link and GitHub's code are in them."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def serve_until(finished: threading.Event, app: Flask, host: str, port: int) -> None:
    """Serve *app* until *finished* is set, and the page that told so has been sent.

    Raises UsageError where *host* and *port* cannot be listened on.
    """
    try:
        server = make_server(host, port, app, threaded=True, request_handler=_Discreet)
    except (OSError, SystemExit) as error:
        raise UsageError(f"--host {host} --port {port}: cannot listen there: {error}") from None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        finished.wait()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
