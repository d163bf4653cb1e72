"""Whether the web process lives, and whether the bot can do its work."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from flask import Response, jsonify

from bot.service.pool import DatabaseAway, database_errors
from bot.service.schema import schema_problem
from bot.service.web import Web

_log = logging.getLogger(__name__)

_NEEDED_BYTES = 32_000_000
"""Of free disk: two segments of PostgreSQL's log."""

_SIGN_OF_LIFE = 60
"""Seconds within which a worker that lives shows it several times."""

# As large as what is to be stored, and not to be compressed away; nothing of it stays.
_TRIAL = "INSERT INTO deliveries (id, event, payload) VALUES (%s, 'trial', %b)"
_CANNOT_STORE = {"25006", "53000", "53100", "53200"}
"""Read only, and out of resources, disk or memory:
https://www.postgresql.org/docs/current/errcodes-appendix.html"""


class Writes:
    """Remembers whether the database of this process could store what it was last given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._have_failed = False

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Note how what is written inside goes."""
        try:
            yield
        except DatabaseAway as error:
            cause = error.__cause__
            if isinstance(cause, psycopg.Error) and cause.sqlstate in _CANNOT_STORE:
                self._note(have_failed=True)
            raise
        self._note(have_failed=False)

    @property
    def have_failed(self) -> bool:
        """Whether the database was there last time, but could not store anything."""
        with self._lock:
            return self._have_failed

    def _note(self, *, have_failed: bool) -> None:
        with self._lock:
            self._have_failed = have_failed


@dataclass(frozen=True, slots=True)
class Health:
    """The views that say how this process is, and the bot."""

    web: Web
    writes: Writes

    def alive(self) -> tuple[Response, int]:
        """Return 503 where nothing can be stored any more: the disk or the database is full.

        A database that is away is no reason: beginning this process anew would not bring it back.
        """
        problem = self._disk_problem() or self._storing_problem()
        if problem:
            return jsonify(status="full", problem=problem), 503
        return jsonify(status="alive", version=self.web.version), 200

    def ready(self) -> tuple[Response, int]:
        """Return how each part is that a review needs, 503 unless all of them are well."""
        parts: dict[str, str] = {}
        try:
            parts["database"] = "ok"
            parts["schema"] = schema_problem(self.web.pool) or "ok"
            if parts["schema"] == "ok":
                parts["queue"] = self._queue_problem() or "ok"
        except DatabaseAway as error:
            # What exactly is wrong with it is for the log, not for the world.
            _log.warning("not ready: %s", error)
            parts = {"database": "it cannot be reached, or not be used"}
        is_ready = set(parts.values()) == {"ok"}
        return jsonify(
            status="ready" if is_ready else "not ready", **parts
        ), 200 if is_ready else 503

    def _disk_problem(self) -> str | None:
        folder = self.web.reports
        while not folder.exists():
            folder = folder.parent
        if shutil.disk_usage(folder).free < _NEEDED_BYTES:
            return "the disk of the data folder is full"
        return None

    def _storing_problem(self) -> str | None:
        """Return what keeps the database from storing; tried anew where it could not last time."""
        if not self.writes.have_failed:
            return None
        try:
            with self.writes.watched():
                self._try_to_store()
        except DatabaseAway as error:
            _log.warning("%s", error)
            return "the database cannot store anything"
        return None

    def _try_to_store(self) -> None:
        trial = (f"trial {os.getpid()} {threading.get_ident()}", os.urandom(16_000))
        with database_errors(), self.web.pool.connection() as connection:
            connection.execute(_TRIAL, trial)
            connection.rollback()

    def _queue_problem(self) -> str | None:
        with database_errors(), self.web.pool.connection() as connection:
            found = connection.execute(
                "SELECT count(*) FROM procrastinate_workers"
                " WHERE last_heartbeat > now() - make_interval(secs => %s)",
                (_SIGN_OF_LIFE,),
            ).fetchone()
        assert found is not None
        return None if found[0] else f"no worker has shown a sign of life for {_SIGN_OF_LIFE} s"
