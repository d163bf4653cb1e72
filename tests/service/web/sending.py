"""Somebody who sends webhooks as GitHub does, and what is in the database afterwards."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from flask.testing import FlaskClient
from psycopg.rows import dict_row
from werkzeug.test import TestResponse

SECRET = b"new secret"
OLD_SECRET = b"old secret"
OPENED = {"action": "opened", "number": 7}


@dataclass
class Database:
    """What is in the database."""

    dsn: str

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def run(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(statement, values)

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        return self.rows("SELECT id, event, payload, state FROM deliveries ORDER BY received_at")

    @property
    def jobs(self) -> list[dict[str, Any]]:
        return self.rows("SELECT task_name, args, lock FROM procrastinate_jobs ORDER BY id")


@dataclass
class Sender:
    """Sends deliveries, signed unless something else is asked for; None leaves a header out."""

    client: FlaskClient

    def send(
        self,
        payload: object = OPENED,
        *,
        event: str | None = "pull_request",
        delivery: str | None = "",
        secret: bytes = SECRET,
        headers: dict[str, str | None] | None = None,
    ) -> TestResponse:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        sent = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": str(uuid.uuid4()) if delivery == "" else delivery,
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
            **(headers or {}),
        }
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.client.post("/webhook", data=body, headers=kept)
