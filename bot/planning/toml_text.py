"""TOML that somebody else wrote: what it says, where it says something of the expected shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def read_toml(data: bytes) -> Mapping[str, Any]:
    """Return the content of a file, empty when it is not TOML."""
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def table_at(parent: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return the table that *keys* lead to, empty when there is none."""
    table: Any = parent
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}
