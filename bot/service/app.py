"""The web process's application: webhooks, callbacks of runs, reports, and how the bot is.

It verifies, writes down and wakes; everything else is done by workers. What it imports is therefore
little, and stays so: psycopg, no SQLAlchemy, nothing of the queue, of GitHub's client or of a
backend. A test holds that.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bot.service.callbacks import Callbacks
from bot.service.health import Health, Writes
from bot.service.metrics import Metrics
from bot.service.pool import DatabaseAway
from bot.service.reports import AnyPath, Reports
from bot.service.web import Web
from bot.service.webhooks import Webhooks

_log = logging.getLogger(__name__)

RETRY_AFTER = 10
"""Seconds after which to try again when the database is away."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What answers say that say nothing else."""


def create_app(web: Web) -> Flask:
    """Return the application that serves *web*."""
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.url_map.converters["any_path"] = AnyPath
    writes = Writes()
    health = Health(web, writes)
    receive = Webhooks(web, writes).receive
    note = Callbacks(web, writes).receive
    app.add_url_rule("/webhook", "webhook", receive, methods=["POST"])
    app.add_url_rule("/runs/<run_id>/events", "events", note, methods=["POST"])
    app.add_url_rule("/reports/<any_path:path>", "report", Reports(web).show)
    app.add_url_rule("/healthz", "healthz", health.alive)
    app.add_url_rule("/readyz", "readyz", health.ready)
    app.add_url_rule("/metrics", "metrics", Metrics(web).show)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(DatabaseAway, _away)
    app.after_request(_guarded)
    return app


def _refused(error: HTTPException) -> AnyResponse:
    """Return an error as JSON, with the headers that belong to it."""
    response = error.get_response()
    assert isinstance(response, AnyResponse)
    response.data = jsonify(error=error.description).data
    response.content_type = "application/json"
    return response


def _away(error: DatabaseAway) -> tuple[Response, int, dict[str, str]]:
    """Return that nothing was acknowledged: GitHub and runs know then that they have to try again.

    What is wrong with the database is for the log, not for the world.
    """
    _log.error("%s", error)
    answer = jsonify(error="the database is away; nothing was acknowledged, try again")
    return answer, 503, {"Retry-After": str(RETRY_AFTER)}


def _guarded(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
