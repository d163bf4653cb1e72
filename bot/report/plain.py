"""Foreign text made safe to show: on a terminal, in Markdown, in XML."""

from __future__ import annotations

from bot.model import printable
from bot.notebooks import ansi


def plain_block(text: str) -> str:
    r"""Return *text* with its lines, without colours; what cannot be seen becomes visible escapes.

    >>> plain_block("\x1b[31ma\tb\x1b[0m\r\nc\u202ed")
    'a   b\nc\\u202ed'
    """
    return visible(ansi.strip(text).replace("\r\n", "\n")).expandtabs(4)


def visible(text: str) -> str:
    """Return *text* with its lines and tabs, every other control or format character escaped."""
    if text.isprintable():
        return text
    return "".join(character if character in "\n\t" else printable(character) for character in text)
