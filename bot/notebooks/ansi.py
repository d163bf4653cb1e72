"""Terminal colours in the text of notebooks: read into plain values, every other escape dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

Rgb = tuple[int, int, int]
Colour = int | Rgb
"""One of the 16 colours a terminal's theme decides on, or exactly this one."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a stretch of text looks."""

    foreground: Colour | None = None
    background: Colour | None = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    inverse: bool = False


PLAIN = Style()

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])"  # control sequence; colours are those that end in m
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # string, link
    r"|\x1b[ -/]*[0-~]?|[\x80-\x9f]"
)
_SWITCHES: dict[int, tuple[tuple[str, bool], ...]] = {
    1: (("bold", True),),
    2: (("faint", True),),
    3: (("italic", True),),
    4: (("underline", True),),
    7: (("inverse", True),),
    9: (("strike", True),),
    22: (("bold", False), ("faint", False)),
    23: (("italic", False),),
    24: (("underline", False),),
    27: (("inverse", False),),
    29: (("strike", False),),
}


def spans(text: str) -> Iterator[tuple[str, Style]]:
    """Yield the stretches of *text* that look alike, in order, none of them empty."""
    style = PLAIN
    end = 0
    for escape in _ESCAPE.finditer(text):
        if escape.start() > end:
            yield text[end : escape.start()], style
        end = escape.end()
        if escape[2] == "m":
            style = _after(style, escape[1])
    if end < len(text):
        yield text[end:], style


def strip(text: str) -> str:
    r"""Return *text* without any escape sequence.

    >>> strip("\x1b[1;31mred\x1b[0m \x1b]8;;http://example.org\x07link")
    'red link'
    """
    return _ESCAPE.sub("", text)


def _after(style: Style, parameters: str) -> Style:
    """Return *style* after one colour sequence, ECMA-48 `SGR`; what is unknown changes nothing."""
    codes = [int(code) if code.isdecimal() else 0 for code in re.split("[;:]", parameters[:200])]
    position = 0
    while position < len(codes):
        code = codes[position]
        position += 1
        if code in (38, 48):
            colour, used = _extended(codes[position:], colons=":" in parameters)
            position += used
            style = _coloured(style, code - 38, colour)
        else:
            style = _switched(style, code)
    return style


def _switched(style: Style, code: int) -> Style:
    if code == 0:
        return PLAIN
    if code in _SWITCHES:
        return replace(style, **dict(_SWITCHES[code]))
    if code in (39, 49):
        return _coloured(style, code - 39, None)
    ground, colour = divmod(code, 10)
    if ground in (3, 4, 9, 10) and colour < 8:
        bright = 8 if ground > 4 else 0
        return _coloured(style, 0 if ground in (3, 9) else 10, colour + bright)
    return style


def _coloured(style: Style, ground: int, colour: Colour | None) -> Style:
    return replace(style, background=colour) if ground else replace(style, foreground=colour)


def _extended(codes: list[int], *, colons: bool) -> tuple[Colour | None, int]:
    """Return the colour that `38;` or `48;` introduces and how many codes it took."""
    if codes[:1] == [5] and len(codes) >= 2:
        return _palette(min(codes[1], 255)), 2
    skipped = 1 if colons and len(codes) >= 5 else 0  # 38:2:<colour space>:r:g:b
    if codes[:1] == [2] and len(codes) >= 4 + skipped:
        red, green, blue = (min(code, 255) for code in codes[1 + skipped : 4 + skipped])
        return (red, green, blue), 4 + skipped
    return None, len(codes)


def _palette(index: int) -> Colour:
    """Return a colour of xterm's 256: 16 of the theme, a cube of 216, a ramp of 24 greys."""
    if index < 16:
        return index
    if index >= 232:
        grey = 8 + 10 * (index - 232)
        return grey, grey, grey
    levels = (0, 95, 135, 175, 215, 255)
    return levels[(index - 16) // 36], levels[(index - 16) // 6 % 6], levels[(index - 16) % 6]
