"""What runs say of themselves: how far they are, never how they ended.

The verdict is always read from the backend: who calls here is next to code of a pull request.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any

import psycopg
from flask import Response, jsonify, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Conflict, Unauthorized, UnprocessableEntity

from bot.model import Progress, RunState
from bot.service.bodies import check_content_type, json_object, read_body
from bot.service.health import Writes
from bot.service.jobs import advance
from bot.service.pool import database_errors
from bot.service.queue import defer
from bot.service.run_events import Report, Unfit, progress_after, report_from
from bot.service.run_tokens import is_token
from bot.service.web import Web

LARGEST_BODY = 256 * 1024

_TOKEN = re.compile(r"[Bb]earer +([A-Za-z0-9_-]{20,200})")
_REFUSED = "expected `Authorization: Bearer` with the token of this run"

_AUTHORISATION = """
    SELECT state, token_hash FROM runs
    WHERE run_id = %s AND token_until > now() AND state IN ('taken', 'ended')
"""
# Progress that a crash of the database forgets is told anew by the next report.
_RUN = """
    SELECT review_id, event_number, observation, set_config('synchronous_commit', 'off', true)
    FROM runs WHERE run_id = %s AND state = 'taken' AND token_hash = %b FOR UPDATE
"""
_NOTE = "UPDATE runs SET observation = %s, event_number = %s WHERE run_id = %s"


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The view that takes the events of runs."""

    web: Web
    writes: Writes

    def receive(self, run_id: str) -> tuple[Response, int]:
        """Note how far a run is and wake its review; without effect for what was noted already.

        Whatever is wrong with the token, and whether there is such a run, the answer is the same.
        Raises DatabaseAway where it may not have been noted.
        """
        body = read_body(LARGEST_BODY)
        token = _TOKEN.fullmatch(request.headers.get("Authorization", ""))
        if token is None:
            raise _refusal()
        with self.writes.watched(), database_errors(), self.web.pool.connection() as connection:
            kept = _authorised(connection, run_id, token[1])
            check_content_type("send the events as JSON")
            report = _report(body)
            is_new = _note(connection, run_id, kept, report)
        return (jsonify(status="accepted"), 202) if is_new else (jsonify(status="known"), 200)


def _authorised(connection: psycopg.Connection[Any], run_id: str, token: str) -> bytes:
    """Return the hash of the run's token; raises Unauthorized, or Conflict once the run ended."""
    # A NUL cannot be part of a text in PostgreSQL, nor other control characters of a run's id.
    found = connection.execute(_AUTHORISATION, (_printable(run_id),)).fetchone()
    state, kept = found or (None, None)
    if not is_token(token, kept):
        raise _refusal()
    if state == "ended":
        raise Conflict("run already finished")
    assert isinstance(kept, bytes)
    return kept


def _note(connection: psycopg.Connection[Any], run_id: str, kept: bytes, report: Report) -> bool:
    """Note a report; return whether it was new."""
    found = connection.execute(_RUN, (run_id, kept)).fetchone()
    if found is None:  # it has ended just now, or somebody else has taken it
        raise Conflict("run already finished")
    review_id, known, observation, _ = found
    if report.number <= known:
        return False
    try:
        progress = progress_after(progress_from(observation), report)
    except Unfit as error:
        raise UnprocessableEntity(str(error)) from None
    connection.execute(_NOTE, (observation_of(progress), report.number, run_id))
    defer(connection, advance(review_id))
    return True


def progress_from(observation: str) -> Progress:
    """Return the progress of an observation as `bot.service.codec` writes it.

    That module's pydantic would double the time that the web takes to start.
    """
    known = json.loads(observation)["progress"] if observation else {}
    names = {field.name for field in fields(Progress)}
    return Progress(**{name: value for name, value in known.items() if name in names})


def observation_of(progress: Progress) -> str:
    """Return the observation of a run that is running, as `bot.service.codec` reads it."""
    seen = {"state": RunState.RUNNING, "progress": asdict(progress)}
    return json.dumps(seen, separators=(",", ":"))


def _report(body: bytes) -> Report:
    try:
        return report_from(json_object(body))
    except Unfit as error:
        raise UnprocessableEntity(str(error)) from None


def _printable(run_id: str) -> str:
    return run_id if run_id.isprintable() else ""


def _refusal() -> Unauthorized:
    return Unauthorized(_REFUSED, www_authenticate=WWWAuthenticate("bearer"))
