"""Real webhook payloads, from the npm package @octokit/webhooks-examples (see condense.py)."""

from __future__ import annotations

import copy
import functools
import json
import lzma
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "webhooks" / "payloads.json.xz"


@functools.cache
def _load() -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = json.loads(lzma.decompress(_FILE.read_bytes()))
    return loaded


def event_names() -> list[str]:
    """Return the events there are payloads of."""
    return list(_load())


def payloads(event: str) -> list[dict[str, Any]]:
    """Return all example payloads of an event; they may be changed freely."""
    return copy.deepcopy(_load()[event])
