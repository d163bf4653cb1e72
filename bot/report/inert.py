"""Foreign text as Markdown that does nothing: the one place where all our Markdown gets it from.

GitHub turns far more than CommonMark's syntax into something live: mentions, issue numbers, commit
SHAs, bare addresses, emoji names, formulas, footnotes. None of it is looked for in code, and a code
span or fence cannot be left by text with shorter runs of backticks than its own. So what is foreign
is code, and only sentences of harmless letters and signs are not.
https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from bot.model import printable
from bot.report.wording import clipped

_LONGEST_RUN = 40
_LEFT_OUT = "[the beginning is left out]\n"

# What GitHub makes nothing of: no @, #, GH-1, nor `:name:`, nor a word that may be a commit's
# SHA, nor an address, nor the number of a list at the beginning.
_PROSE = re.compile(
    r"""(?!\s*\d+[.)])(?!(?is:.*www\.))(?!(?is:.*\b[a-f]{7}))
    (?:
        [A-Za-z ,;()'"%?/…]
      | (?<![0-9A-Za-z])\d{1,6}(?![0-9A-Za-z])
      | (?<=[A-Za-z])[-_](?=[A-Za-z])
      | \.(?!\d)
      | :(?=\s|$)
    )*""",
    re.VERBOSE,
)

_URL_CHARACTERS = "/:?#@!$&'*+,;=%~-._[]"


def code(text: str, longest: int | None = None) -> str:
    """Return *text* as a code span on one line, whatever it holds; empty for nothing.

    It is shortened where what is shown would have more than *longest* characters.
    """
    shown = _with_short_runs(_on_one_line(text))
    if longest is not None:
        shown = clipped(shown, longest)
    if not shown:
        return ""
    fence = "`" * (_longest_run(shown) + 1)
    padding = " " if {shown[0], shown[-1]} & {"`", " "} else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def fenced(text: str, room: int) -> str:
    """Return *text* as a block of code of at most *room* bytes, its end being what is kept.

    *text* comes from `bot.report.plain.plain_block`; *room* is at least 200.
    """
    text = _with_short_runs(text)
    room -= 2 * len(f"{'`' * _LONGEST_RUN}`\n")
    if len(text.encode()) > room:
        text = _LEFT_OUT + end_of(text, room - len(_LEFT_OUT))
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}\n{text}\n{fence}"


def words(text: str) -> str:
    """Return a sentence of ours, in which names stand between backticks, as inert Markdown."""
    parts = _on_one_line(text.strip()).split("`")
    if len(parts) % 2 and all(parts[1::2]) and all(map(_PROSE.fullmatch, parts[::2])):
        return "".join(code(part) if index % 2 else part for index, part in enumerate(parts))
    return code(text)


def linked(label: str, url: str | None) -> str:
    """Return *label*, which is Markdown already, as a link where there is a *url*."""
    if url is None:
        return label
    return f"[{label}](<{quote(url, safe=_URL_CHARACTERS, errors='replace')}>)"


def table_row(cells: Iterable[str]) -> str:
    r"""Return *cells*, which are Markdown already, as a row of a table.

    GitHub takes `\|` for a pipe inside a code span too: https://github.github.com/gfm/#example-200
    """
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def html_code(text: str, longest: int) -> str:
    """Return *text* as code for a line of HTML, such as the summary of what is folded."""
    return f"<code>{escape(clipped(_on_one_line(text), longest))}</code>"


def end_of(text: str, room: int) -> str:
    """Return as much of the end of *text* as *room* bytes hold, from the start of a character."""
    data = text.encode()
    return data[len(data) - max(room, 0) :].decode(errors="ignore") if len(data) > room else text


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else printable(text)


def _with_short_runs(text: str) -> str:
    """Return *text* without endless runs of backticks, whose fences would need all the room."""
    return re.sub(f"(`{{{_LONGEST_RUN}}})`+", r"\1…", text) if "`" in text else text


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text))) if "`" in text else 0
