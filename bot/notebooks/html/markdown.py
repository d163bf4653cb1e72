"""Markdown of a notebook as safe HTML."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from bot.notebooks.html.code import highlighted
from bot.notebooks.html.document import text
from bot.notebooks.html.sanitise import sanitised

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

LARGEST = 200_000
"""Characters; longer Markdown is shown as it was written."""


def markdown(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """Return *source* rendered as Jupyter would, formulas as their TeX, and sanitised."""
    if len(source) > LARGEST:
        return f'<pre tabindex="0">{text(source)}</pre>'
    return sanitised(_parser().render(source), attachments)


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": True, "highlight": _highlight})
    parser.enable(["table", "strikethrough"])
    parser.use(
        dollarmath_plugin,
        allow_space=False,
        allow_digits=False,
        renderer=lambda tex, _options: f"<code>{escape(tex)}</code>",
    )
    parser.use(amsmath_plugin, renderer=lambda tex: f"<code>{escape(tex)}</code>")
    parser.core.ruler.push("headings", _adapt_headings)
    return parser


def _highlight(source: str, language: str, _attributes: str) -> str:
    return highlighted(source, language)


def _adapt_headings(state: StateCore) -> None:
    """Put headings below the title of the page, and name them as Jupyter does for its links."""
    for index, token in enumerate(state.tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        if token.type == "heading_open":
            token.attrSet("id", re.sub(r"\s", "-", state.tokens[index + 1].content))
