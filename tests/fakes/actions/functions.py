"""The functions of Actions expressions that need to know nothing of the job."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from fakes.actions.values import are_equal, as_contexts, as_json, as_text


def contains(search, item):
    """Return whether an array has *item*, or a string has it as a part, whatever their case."""
    if isinstance(search, list):
        return any(are_equal(element, item) for element in search)
    return as_text(item).upper() in as_text(search).upper()


def starts_with(text, start):
    return as_text(text).upper().startswith(as_text(start).upper())


def ends_with(text, end):
    return as_text(text).upper().endswith(as_text(end).upper())


def format_text(pattern, *values):
    """Return *pattern* with its `{0}`, `{1}` … replaced; doubled braces stand for one."""
    return re.sub(
        r"\{\{|\}\}|\{(\d+)\}",
        lambda match: match[0][0] if match[1] is None else as_text(values[int(match[1])]),
        as_text(pattern),
    )


def join(values, separator=","):
    if isinstance(values, list):
        return as_text(separator).join(map(as_text, values))
    return as_text(values)


def hash_files(workspace):
    """Return the function `hashFiles` for a workspace."""

    def hash_matching(*patterns):
        paths = {path for pattern in patterns for path in Path(workspace).glob(as_text(pattern))}
        files = sorted(path for path in paths if path.is_file())
        if not files:
            return ""
        digests = b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)
        return hashlib.sha256(digests).hexdigest()

    return hash_matching


FUNCTIONS = {
    "contains": contains,
    "startsWith": starts_with,
    "endsWith": ends_with,
    "format": format_text,
    "join": join,
    "toJSON": lambda value: as_json(value, indent=2),
    "fromJSON": lambda text: as_contexts(json.loads(as_text(text))),
}
