"""A file of settings, changed without losing what else is in it."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.errors import UsageError

_PLAIN = re.compile(r"[\w./:@%+-]*")


def settings_in(path: Path) -> dict[str, str]:
    """Return the settings of a file, none where it is not there; raises UsageError."""
    return {one.key: one.value or "" for one in _bindings(path) if one.key}


def replace_settings(path: Path, new: Mapping[str, str], gone: Collection[str] = ()) -> None:
    """Write *new* settings into a file that its owner alone can read, and take out those *gone*.

    Every other line stays as it is. After a crash the file is the former one or the new one. Raises
    OSError, and UsageError where what is there cannot be read.
    """
    kept = [one.original.string for one in _bindings(path) if one.key not in {*new, *gone}]
    text = "".join(kept)
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(f"{name}={_quoted(value)}\n" for name, value in new.items())
    # A link stays one, and what it leads to is replaced.
    _write(path.resolve(), text)


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _bindings(path: Path) -> list[Binding]:
    try:
        return list(parse_stream(io.StringIO(path.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"{path}: cannot be read: {why}") from None


def _quoted(value: str) -> str:
    r"""Return a value as `.env` has it, on one line.

    >>> print(_quoted("https://nbci.example.org"), _quoted('a "b"\n'))
    https://nbci.example.org "a \"b\"\n"
    """
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
