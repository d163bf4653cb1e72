"""The least that takes a webhook durably: a Flask view that verifies it and inserts one row."""

from __future__ import annotations

import hashlib
import hmac
import sys

from flask import Flask, abort, request

from bot.service.pool import make_pool
from bot.service.web_server import serve_web

TABLE = "CREATE TABLE bare (id text PRIMARY KEY, event text NOT NULL, payload bytea NOT NULL)"
_INSERT = "INSERT INTO bare (id, event, payload) VALUES (%s, %s, %b) ON CONFLICT DO NOTHING"


def make_app(dsn: str, secret: bytes, connections: int) -> Flask:
    """Return the application."""
    app = Flask(__name__)
    pool = make_pool(dsn, connections)

    @app.post("/webhook")
    def receive() -> tuple[dict[str, str], int]:
        body = request.get_data()
        digest = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(digest, request.headers.get("X-Hub-Signature-256", "")):
            abort(401)
        delivery = request.headers["X-GitHub-Delivery"]
        with pool.connection() as connection:
            connection.execute(_INSERT, (delivery, request.headers["X-GitHub-Event"], body))
        return {"status": "accepted", "delivery": delivery}, 202

    return app


def main(dsn: str, secret: str, port: str, workers: str, threads: str) -> None:
    """Serve it, set up as our own web is."""
    serve_web(
        lambda: make_app(dsn, secret.encode(), int(threads)),
        host="127.0.0.1",
        port=int(port),
        workers=int(workers),
        threads=int(threads),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
