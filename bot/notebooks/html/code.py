"""Source code as HTML with the classes of Pygments."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from bot.notebooks.html.document import fit, text

if TYPE_CHECKING:
    from pygments.lexer import Lexer

LARGEST = 20_000
"""Characters; longer source is shown without colours."""

# The name comes from the notebook. Most lexers of Pygments take quadratic time for some input
# (8,000 empty lines take those of C and Java seconds); the ones here were tried.
_LEXERS = {
    "bash": "bash",
    "ipython": "python",
    "ipython3": "python",
    "javascript": "javascript",
    "json": "json",
    "julia": "julia",
    "py": "python",
    "python": "python",
    "python3": "python",
    "r": "r",
    "sh": "bash",
    "shell": "bash",
    "sql": "sql",
    "toml": "toml",
}


def highlighted(source: str, language: str) -> str:
    """Return *source* as HTML text, with colours where its language is known."""
    lexer = _LEXERS.get(language.strip().lower())
    if lexer is None or len(source) > LARGEST:
        return text(source)
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    return highlight(fit(source), _lexer(lexer), HtmlFormatter(nowrap=True))


@functools.cache
def _lexer(name: str) -> Lexer:
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(name, stripnl=False, ensurenl=False)
