"""How messages name a place in the configuration and show what stands there."""

from __future__ import annotations

import re

Location = tuple[str | int, ...]

MAX_SHOWN = 60


def named(location: Location) -> str:
    """Spell a place in the file as people do.

    >>> named(("rules", 0, "timeout_minutes"))
    'rules[0].timeout_minutes'
    >>> named(("defaults", "env", "two words"))
    "defaults.env.'two words'"
    """
    name = ""
    for step in location:
        if isinstance(step, int):
            name += f"[{step}]"
        else:
            name += "." * bool(name) + (step if re.fullmatch(r"[\w-]{1,60}", step) else shown(step))
    return name or "the file"


def shown(text: str) -> str:
    """Return *text* in quotes, on one line and not longer than a message can bear."""
    return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…")
