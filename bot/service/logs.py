"""The log of the bot: a line of JSON for each thing that happened, without secrets."""

from __future__ import annotations

import base64
import json
import logging
import re
import sys
import threading
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

MASK = "***"

_SHORTEST = 6
"""Characters below which a secret cannot be told from other text."""

_UNWRITABLE = "a line of the log could not be written: %s at %s:%d"

_BESIDE = ("delivery", "review", "run", "milliseconds")

_QUIET = {
    "alembic": logging.WARNING,
    "procrastinate": logging.WARNING,
    "urllib3": logging.WARNING,
    "werkzeug": logging.WARNING,
}

_PATTERNS = re.compile(
    r"""
    gh[pousr]_[A-Za-z0-9_]{16,} | github_pat_[A-Za-z0-9_]{16,}        # GitHub's tokens
    | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}       # JSON Web Tokens
    | -----BEGIN[ A-Z]*PRIVATE\ KEY-----.*?(?:-----END[ A-Z]*-----|\Z)  # private keys
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)                                 # user:password@ of URLs
    | (?i:(?<=bearer\ )|(?<=basic\ )|(?<=token\ ))[A-Za-z0-9+/=._-]{16,}  # Authorization
    | (?i:(?<=sig=)|(?<=accountkey=)|(?<=accesskey=)|(?<=password=))[^\s;&"']+  # Azure, libpq
    """,
    re.VERBOSE | re.DOTALL,
)


class SecretFilter:
    """Takes secrets out of texts: those that are known, in each form, and what looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def masked(self, text: str) -> str:
        """Return *text* with asterisks for each secret."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _PATTERNS.sub(MASK, text)

    def __call__(
        self, logger: object, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Mask every text of what is logged, as a processor of structlog."""
        for key, value in event.items():
            if isinstance(value, str):
                event[key] = self.masked(value)
            elif not isinstance(value, (int, float, bool, type(None))):
                event[key] = self.masked(str(value))
        return event


def start_log(level: str, secrets: Iterable[str], stream: TextIO | None = None) -> None:
    """Send all logs to *stream*, by default standard error: JSON, and for people in a terminal.

    Nothing of *secrets* is in it, whoever logs it.
    """
    stream = sys.stderr if stream is None else stream
    mask = SecretFilter(secrets)
    handler = _Handler(stream)
    handler.setLevel(level.upper())
    handler.setFormatter(_for_people(mask) if stream.isatty() else _Json(mask))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, logging.getLogger().level))


def log_uncaught() -> None:
    """Log what nobody has caught, and warnings: written by Python itself, secrets would be in it.

    A traceback shows what was wrong in its own words, which for a database is its URL.
    """
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )
    sys.unraisablehook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )
    logging.captureWarnings(True)


def _uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, (KeyboardInterrupt, SystemExit)):
        return
    logging.getLogger("bot").critical("internal error", exc_info=(kind, error, traceback))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; of one that cannot be, that it could not, without what it was to hold."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Say which line is missing. The way of `logging` shows its arguments as they are."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError) or record.msg is _UNWRITABLE:
            return  # there is nowhere to say it
        about = (type(error).__name__, record.pathname, record.lineno)
        self.handle(
            logging.LogRecord(
                record.name, logging.ERROR, record.pathname, record.lineno, _UNWRITABLE, about, None
            )
        )


class _Json(logging.Formatter):
    """What structlog's JSONRenderer writes, without importing structlog.

    That takes a web process, which binds no ids, a fifth of the time until it is there.
    """

    def __init__(self, mask: SecretFilter) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line of JSON."""
        about = {**_bound_ids(), **_extra(record), "event": record.getMessage()}
        if record.exc_info:
            about["exception"] = self.formatException(record.exc_info)
        when = datetime.fromtimestamp(record.created, UTC).isoformat()
        line = dict(self._mask(None, "", about))
        line["logger"] = record.name
        line["level"] = record.levelname.lower()
        line["timestamp"] = when.replace("+00:00", "Z")
        return json.dumps(line)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was logged beside the text."""
    return {name: value for name in _BESIDE if (value := getattr(record, name, None)) is not None}


def _bound_ids() -> dict[str, Any]:
    """Return the ids that whoever logs has bound with structlog, if anybody uses that."""
    contextvars = sys.modules.get("structlog.contextvars")
    return contextvars.get_contextvars() if contextvars else {}


def _for_people(mask: SecretFilter) -> logging.Formatter:
    import structlog

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask,
            structlog.dev.ConsoleRenderer(colors=True),
        ],
    )


def _forms(secret: str) -> Iterable[str]:
    """Yield a secret as it may stand in a log, and its lines: a private key is seldom whole."""
    parts = {secret, secret.strip(), *(line.strip() for line in secret.splitlines())}
    for part in parts:
        if len(part) < _SHORTEST or part.startswith("-----"):
            continue
        encoded = base64.b64encode(part.encode())
        yield from (part, repr(part)[1:-1], quote(part, safe=""), quote_plus(part))
        yield from (encoded.decode(), base64.urlsafe_b64encode(part.encode()).decode())
        yield encoded.decode().rstrip("=")
