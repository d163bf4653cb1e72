"""Words of a comment, to be repeated in a reply."""

from __future__ import annotations

import re

from bot.model import printable

_LONGEST = 80


def quoted(text: str) -> str:
    """Return *text*, or its beginning where it is long, as a Markdown code span that is inert."""
    shown = printable(text[: _LONGEST + 1])
    if len(shown) > _LONGEST:
        shown = shown[:_LONGEST] + "…"
    if not shown.strip():
        return "an empty word"
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    padding = " " if {shown[0], shown[-1]} & {"`", " "} else ""
    return f"{fence}{padding}{shown}{padding}{fence}"
