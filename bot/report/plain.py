"""Foreign text made safe to show: on a terminal, in Markdown, in XML."""

from __future__ import annotations

import re

from bot.model import printable
from bot.notebooks import ansi

_WITHIN_A_LINE = re.compile(r"[^\n\t]+")


def plain_block(text: str) -> str:
    r"""Return *text* with its lines, without colours; what cannot be seen becomes visible escapes.

    >>> plain_block("\x1b[31ma\tb\x1b[0m\r\nc\u202ed")
    'a   b\nc\\u202ed'
    """
    return visible(ansi.strip(text).replace("\r\n", "\n")).expandtabs(4)


def plain_end(text: str, longest: int) -> str:
    """Return the last lines of *text* as `plain_block` does, of what *longest* characters hold.

    The rest is not even looked at. A line that was cut, and perhaps an escape in it, is left out.
    """
    if len(text) > longest:
        end = text[len(text) - longest :]
        text = end.partition("\n")[2] or end
    return plain_block(text)


def visible(text: str) -> str:
    """Return *text* with its lines and tabs, every other control or format character escaped."""
    return _WITHIN_A_LINE.sub(_escaped, text)


def _escaped(part: re.Match[str]) -> str:
    return part[0] if part[0].isprintable() else printable(part[0])
