"""JSON from GitHub, read key by key: what is not as expected is a UsageError that says where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.errors import UsageError
from bot.model import printable

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Payload:
    """An object of some JSON, and how to find it: `source` and the keys that lead to it."""

    def __init__(self, source: str, json: object, path: str = "") -> None:
        self._source = source
        self._path = path
        if not isinstance(json, Mapping):
            raise self._unexpected(path, "an object", json)
        self._json: Mapping[str, Any] = json

    def part(self, key: str) -> Payload:
        """Return the object at *key*."""
        return Payload(self._source, self._json.get(key, _MISSING), self._where(key))

    def nullable_part(self, key: str) -> Payload | None:
        """Return the object at *key*, None when it is null; the key must be there."""
        return None if self._json.get(key, _MISSING) is None else self.part(key)

    def optional_part(self, key: str) -> Payload | None:
        """Return the object at *key*, None when it is null or missing."""
        return None if self._json.get(key) is None else self.part(key)

    def text(self, key: str) -> str:
        """Return the text at *key*."""
        value = self._json.get(key, _MISSING)
        if not isinstance(value, str):
            raise self._unexpected(self._where(key), "text", value)
        return value

    def optional_text(self, key: str) -> str | None:
        """Return the text at *key*, None when it is null or missing."""
        return None if self._json.get(key) is None else self.text(key)

    def integer(self, key: str) -> int:
        """Return the whole number at *key*."""
        value = self._json.get(key, _MISSING)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._unexpected(self._where(key), "a whole number", value)
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Return the truth value at *key*; null and missing are *default* where it is given."""
        value = self._json.get(key, _MISSING)
        if default is not None and (value is None or value is _MISSING):
            return default
        if not isinstance(value, bool):
            raise self._unexpected(self._where(key), "true or false", value)
        return value

    def sha(self, key: str) -> str:
        """Return the SHA at *key*: 40 hexadecimal digits, or 64 in a repository with SHA-256."""
        value = self.text(key)
        if not _SHA.fullmatch(value):
            raise self._unexpected(self._where(key), "the SHA of a commit", value)
        return value

    def time(self, key: str) -> datetime:
        """Return the time at *key*, which knows its time zone."""
        value = self.text(key)
        expected = "a time with its time zone"
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            raise self._unexpected(self._where(key), expected, value) from None
        if time.tzinfo is None:
            raise self._unexpected(self._where(key), expected, value)
        return time

    def optional_time(self, key: str) -> datetime | None:
        """Return the time at *key*, None when it is null, missing or, as in pushes, a number."""
        return self.time(key) if isinstance(self._json.get(key), str) else None

    def texts(self, key: str) -> dict[str, str]:
        """Return the values of the object at *key* as text; none when it is null or missing.

        Truth values and numbers are spelled as in JSON, and null is empty text.
        """
        part = self.optional_part(key)
        if part is None:
            return {}
        return {name: part._spelled(name) for name in part._json}

    def ids(self, key: str) -> tuple[int, ...]:
        """Return the `id` of each object of the list at *key*; none when it is null or missing."""
        value = self._json.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._unexpected(self._where(key), "a list", value)
        parts = (Payload(self._source, one, self._where(key)) for one in value)
        return tuple(part.integer("id") for part in parts)

    def _spelled(self, key: str) -> str:
        match self._json[key]:
            case None:
                return ""
            case bool(value):
                return "true" if value else "false"
            case int(value) | float(value):
                return str(value)
        return self.text(key)

    def _where(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _unexpected(self, where: str, expected: str, value: object) -> UsageError:
        place = f"{printable(where)} of {self._source}" if where else self._source
        return UsageError(f"{place} must be {expected}, {_got(value)}")


class _Missing:
    """Stands for a key that is not there."""


_MISSING = _Missing()


def _got(value: object) -> str:
    match value:
        case _Missing():
            return "and is missing"
        case None:
            return "got null"
        case bool():
            return f"got {str(value).lower()}"
        case int() | float():
            return f"got the number {str(value)[:40]}"
        case str():
            return f"got the text '{printable(value[:80])}'"
        case list():
            return "got a list"
        case _:
            return "got an object"
