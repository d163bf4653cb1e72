"""What a cell printed or raised as HTML: colours kept, progress bars settled, floods cut."""

from __future__ import annotations

import functools
from itertools import groupby

from bot.notebooks import ansi
from bot.notebooks.html.document import text

LONGEST = 200_000
"""Characters shown of one text; the middle of a longer one is left out."""

FOLDED_FROM = 50
"""Lines from which a text is folded away."""

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def settled(source: str) -> str:
    r"""Return *source* as a terminal leaves it: a carriage return begins its line anew.

    >>> settled("10%\r50%\r100%\ndone\r\n")
    '100%\ndone\n'
    """
    if "\r" not in source:
        return source
    lines = source.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def shortened(source: str, longest: int = LONGEST) -> tuple[str, int, str]:
    """Return the beginning of *source*, how many characters are left out, and its end."""
    if len(source) <= longest:
        return source, 0, ""
    kept = longest // 2
    return source[:kept], len(source) - 2 * kept, source[-kept:]


def coloured(source: str) -> str:
    """Return *source* as HTML text in which terminal colours are spans."""
    return "".join(
        _marked("".join(part for part, _ in same), style)
        for style, same in groupby(ansi.spans(source), key=lambda span: span[1])
    )


def block(source: str, *, kind: str, label: str) -> str:
    """Return *source* as one block of the page, folded when it is long."""
    start, left_out, end = shortened(settled(source))
    shown = coloured(start)
    if left_out:
        shown += (
            f'</pre><p class="cut">{left_out:,} characters left out here; the executed notebook '
            f'file has them all.</p><pre class="{kind}" tabindex="0">{coloured(end)}'
        )
    pre = f'<pre class="{kind}" tabindex="0" role="region" aria-label="{label}">{shown}</pre>'
    lines = source.rstrip("\n").count("\n") + 1
    if lines < FOLDED_FROM and not left_out:
        return pre
    return f"<details><summary>{label}: {lines:,} lines</summary>{pre}</details>"


def _marked(part: str, style: ansi.Style) -> str:
    attributes = _attributes(style)
    return f"<span{attributes}>{text(part)}</span>" if attributes else text(part)


@functools.lru_cache(maxsize=1024)
def _attributes(style: ansi.Style) -> str:
    foreground, background = style.foreground, style.background
    if style.inverse:
        foreground, background = background, foreground
    classes = [
        name
        for name in ("bold", "faint", "italic", "underline", "strike", "inverse")
        if getattr(style, name)
    ]
    declarations = []
    for colour, ground, css in ((foreground, "fg", "color"), (background, "bg", "background")):
        if isinstance(colour, int):
            classes.append(f"{ground}-{'bright-' if colour > 7 else ''}{_NAMES[colour % 8]}")
        elif colour is not None:
            classes.append(f"{ground}-rgb")
            declarations.append(f"{css}:#{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}")
    names = f' class="{" ".join(f"t-{name}" for name in classes)}"' if classes else ""
    return names + (f' style="{";".join(declarations)}"' if declarations else "")
