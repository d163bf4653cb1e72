"""What GitHub sends: verified, written down with the job that acts on it, and acknowledged.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import Response, jsonify, request
from werkzeug.exceptions import BadRequest, Unauthorized

from bot.service.bodies import check_content_type, json_object, read_body
from bot.service.health import Writes
from bot.service.jobs import take_delivery
from bot.service.pool import database_errors
from bot.service.queue import QUEUE
from bot.service.web import Web

_log = logging.getLogger(__name__)

LARGEST_BODY = 25 * 1024 * 1024
"""https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""

ACTED_ON: Mapping[str, Collection[str] | None] = {
    "check_run": {"requested_action", "rerequested"},
    "check_suite": {"rerequested"},
    "installation": None,
    "installation_repositories": None,
    "issue_comment": {"created"},
    "merge_group": {"checks_requested", "destroyed"},
    "pull_request": {
        "closed",
        "edited",
        "opened",
        "ready_for_review",
        "reopened",
        "synchronize",
    },
    "repository": None,
}
"""The events that something is done about, and which of their actions; None for all.

Any other is acknowledged without being kept: each push, label and check run of other apps would
cost a durable write for nothing, and GitHub keeps the deliveries of three days itself.
"""

_SIGNATURE = "X-Hub-Signature-256"
_DELIVERY = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
# One statement is one transaction and one round trip. A job with no lock needs nothing else of what
# `bot.service.queue.defer` does. Transactions that notify, as a new job does, are committed one
# after the other, each with its own turn at the disk: so nobody waits for the disk here, but in the
# next statement, which shares its turn with others, and comes to the disk after this one.
# https://www.postgresql.org/docs/current/wal-async-commit.html
_RECORD = """
    WITH quickly AS MATERIALIZED (
        SELECT set_config('synchronous_commit', 'off', true)
    ), taken AS (
        INSERT INTO deliveries (id, event, payload) VALUES (%(id)s, %(event)s, %(payload)b)
        ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, state = 'waiting', attempts = 0,
            note = '', try_again_at = NULL, done_at = NULL, received_at = now()
        WHERE deliveries.state = 'failed'
        RETURNING id
    )
    INSERT INTO procrastinate_jobs (queue_name, task_name, args)
    SELECT %(queue)s, %(task)s, %(arguments)s FROM taken, quickly
    RETURNING id
"""
_FLUSH = "SELECT pg_logical_emit_message(true, 'nbci', '')"


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The view that takes webhooks."""

    web: Web
    writes: Writes

    def receive(self) -> tuple[Response, int]:
        """Return what is to be answered to a delivery; accepted means that it is on disk.

        One that is known already is a duplicate, unless it could not be dealt with: whoever has it
        sent again then wants another try. Raises DatabaseAway where it may not have been kept.
        """
        body = read_body(LARGEST_BODY)
        self._verify(body)
        check_content_type(
            "set the webhook's content type to application/json in the settings of the GitHub App"
        )
        delivery, event = _delivery_id(), request.headers.get("X-GitHub-Event", "")
        if not event:
            raise BadRequest("missing X-GitHub-Event")
        payload = json_object(body)
        if event == "ping":
            return jsonify(status="pong"), 200
        if not _is_acted_on(event, payload):
            return jsonify(status="ignored"), 202
        if not self._record(delivery, event, body):
            return jsonify(status="duplicate", delivery=delivery), 200
        _log.info("accepted %s", event, extra={"delivery": delivery})
        return jsonify(status="accepted", delivery=delivery), 202

    def _verify(self, body: bytes) -> None:
        """Raise Unauthorized unless *body* is signed with one of our secrets."""
        said = request.headers.get(_SIGNATURE)
        if said is None:
            raise Unauthorized(f"missing {_SIGNATURE}")
        if not is_signed(body, said, self.web.secrets):
            raise Unauthorized(f"wrong {_SIGNATURE}")

    def _record(self, delivery: str, event: str, body: bytes) -> bool:
        """Keep a delivery, with its job; return whether there is anything to be done about it."""
        job = take_delivery(delivery)
        assert job.lock is None
        values = {
            "id": delivery,
            "event": event,
            "payload": body,
            "queue": QUEUE,
            "task": job.task,
            "arguments": json.dumps(job.arguments),
        }
        with (
            self.writes.watched(),
            database_errors(),
            self.web.pool.connection() as connection,
            _autocommit(connection),
        ):
            found = connection.execute(_RECORD, values).fetchone()
            # Of a duplicate too: the transaction that was first may not be on disk yet.
            connection.execute(_FLUSH)
        return found is not None


@contextlib.contextmanager
def _autocommit(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Have each statement be a transaction of its own."""
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False


def is_signed(body: bytes, signature: str, secrets: tuple[bytes, ...]) -> bool:
    """Return whether *signature* is GitHub's for *body* with one of *secrets*, in constant time.

    >>> is_signed(
    ...     b"Hello, World!",
    ...     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ...     (b"It's a Secret to Everybody",),
    ... )
    True
    """
    said = signature.encode("utf-8", "surrogatepass")
    # A list: how many secrets are tried does not depend on which of them it is.
    matches = [
        hmac.compare_digest(said, b"sha256=" + hmac.digest(secret, body, "sha256").hex().encode())
        for secret in secrets
    ]
    return any(matches)


def _delivery_id() -> str:
    delivery = request.headers.get("X-GitHub-Delivery")
    if delivery is None:
        raise BadRequest("missing X-GitHub-Delivery")
    if not _DELIVERY.fullmatch(delivery):
        raise BadRequest("malformed X-GitHub-Delivery: expected a GUID")
    return delivery


def _is_acted_on(event: str, payload: Mapping[str, Any]) -> bool:
    if event not in ACTED_ON:
        return False
    actions, action = ACTED_ON[event], payload.get("action")
    return actions is None or (isinstance(action, str) and action in actions)
