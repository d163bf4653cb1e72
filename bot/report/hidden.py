"""State that travels unseen inside Markdown: JSON in an HTML comment on a line of its own."""

from __future__ import annotations

import json
import re

from bot.model import JsonValue

MARKER = "<!-- nbci"

_HIDDEN = re.compile(rf"{MARKER} (\{{.*\}}) -->")

# The only ways out of an HTML comment; in JSON none of them stands outside of a string.
# https://html.spec.whatwg.org/multipage/syntax.html#comments
_ESCAPES = {"<": r"\u003c", ">": r"\u003e", "--": r"\u002d\u002d"}


def hidden(value: dict[str, JsonValue]) -> str:
    """Return *value* as a line of ASCII that shows as nothing and that nothing inside can end."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return f"{MARKER} {text} -->"


def read_hidden(line: str) -> dict[str, JsonValue] | None:
    """Return what `hidden` hid in *line*, None when it is anything else."""
    found = _HIDDEN.fullmatch(line.rstrip("\r"))
    if found is None:
        return None
    try:
        value = json.loads(found[1])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
