"""What becomes of a webhook, once it is written down: done, ignored, failed, or tried again."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, update

from bot.errors import NbciError, TryLater, Unanswered, UsageError
from bot.service.acting import act
from bot.service.engine import Engine
from bot.service.pool import DatabaseAway
from bot.service.tables import deliveries

_log = logging.getLogger(__name__)

MOST_ATTEMPTS = 14
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 600.0
_LONGEST_NOTE = 2000


def take_delivery(engine: Engine, delivery: str) -> None:
    """Do what a delivery asks for and note that it is done; without effect on one that is.

    What GitHub does not answer, and what fails for a reason of ours, is tried again later, at
    growing intervals, a number of times; what GitHub wants later, later. Raises DatabaseAway and
    nothing else.
    """
    row = _begin(engine, delivery)
    if row is None:
        return
    try:
        reason = _acted(engine, delivery, row)
    except DatabaseAway:
        raise
    except TryLater as error:
        # That is nobody's fault, and does not count.
        _wait(engine, delivery, row.attempts - 1, error.at, str(error))
    except Unanswered as error:
        _failed_once(engine, delivery, row.attempts, str(error))
    except NbciError as error:
        _end(engine, delivery, "failed", str(error))
    except Exception as error:  # noqa: BLE001 - a fault at one delivery must not end the worker
        error_id = secrets.token_hex(4)
        _log.error("delivery %s: internal error %s", delivery, error_id, exc_info=error)
        note = f"internal error {error_id}: {type(error).__name__}"
        _failed_once(engine, delivery, row.attempts, note)
    else:
        _end(engine, delivery, "ignored" if reason else "done", reason or "")


def _acted(engine: Engine, delivery: str, row: Row[Any]) -> str | None:
    try:
        payload = json.loads(row.payload)
    except (ValueError, RecursionError):
        raise UsageError("the payload is not JSON") from None
    is_last_try = row.attempts >= MOST_ATTEMPTS
    return act(engine, delivery, row.event, payload, is_last_try=is_last_try)


def _begin(engine: Engine, delivery: str) -> Row[Any] | None:
    """Count a try at a delivery that waits, and return it; None where there is none.

    It is counted before: what brings the worker down is not tried for ever.
    """
    attempts = deliveries.c.attempts + 1
    begun = (
        update(deliveries)
        .where(deliveries.c.id == delivery, deliveries.c.state == "waiting")
        .values(attempts=attempts)
        .returning(deliveries.c.event, deliveries.c.payload, deliveries.c.attempts)
    )
    with engine.database.begin() as connection:
        row = connection.execute(begun).first()
    if row is not None and row.attempts > MOST_ATTEMPTS:
        _end(engine, delivery, "failed", f"given up after {MOST_ATTEMPTS} attempts")
        return None
    return row


def _failed_once(engine: Engine, delivery: str, attempts: int, note: str) -> None:
    """Note that nothing came of it this time, and when it is to be tried again, if ever."""
    if attempts >= MOST_ATTEMPTS:
        _end(engine, delivery, "failed", note)
        return
    pause = min(_FIRST_PAUSE * 2 ** (attempts - 1), _LONGEST_PAUSE)
    _wait(engine, delivery, attempts, engine.clock() + pause, note)


def _wait(engine: Engine, delivery: str, attempts: int, at: float, note: str) -> None:
    _log.info("delivery %s waits: %s", delivery, note)
    _set(engine, delivery, note, {"attempts": attempts, "try_again_at": func.to_timestamp(at)})


def _end(engine: Engine, delivery: str, state: str, note: str) -> None:
    level = logging.WARNING if state == "failed" else logging.INFO
    _log.log(level, "delivery %s is %s%s", delivery, state, f": {note}" if note else "")
    _set(engine, delivery, note, {"state": state, "done_at": func.now()})


def _set(engine: Engine, delivery: str, note: str, values: Mapping[str, object]) -> None:
    """Note what became of a delivery; PostgreSQL cannot store a NUL, nor half a surrogate pair."""
    text = note[:_LONGEST_NOTE].replace("\0", "\\0").encode(errors="backslashreplace").decode()
    with engine.database.begin() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery, deliveries.c.state == "waiting")
            .values(note=text, **values)
        )
