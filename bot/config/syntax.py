"""Mistakes in a configuration, and YAML's complaints in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from bot.model import printable


class Mistake(Exception):
    """Something wrong in the file, on a line (from 1)."""

    def __init__(self, message: str, line: int = 1, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def at(self, name: str) -> str:
        """Return the mistake as one line that editors and terminals can jump to."""
        column = f":{self.column}" if self.column else ""
        return printable(f"{name}:{self.line}{column}: {self.message}")


# The first whose pattern is found in "context; problem" of PyYAML's complaint says it.
_PLAIN_WORDS: Sequence[tuple[str, str]] = (
    (r"character '\\t'", "a tab; YAML allows only spaces before keys and values"),
    (r"scanning an alias|undefined alias", "a value that begins with * must be in quotes"),
    (r"duplicate anchor", "an anchor (&name) is given twice"),
    (r"scanning an anchor", "a value that begins with & must be in quotes"),
    (r"scanning a tag|parsing a tag|tag handle", "a value that begins with ! must be in quotes"),
    (r"character '(.)' that cannot start", r"a value that begins with \1 must be in quotes"),
    (r"directive|document start|incompatible YAML document", "expected `key: value` lines only"),
    (r"another document", "a second document begins here; the file must hold one"),
    (
        r"flow (sequence|mapping)|node content",
        "a '[' or '{' is not closed, or something in it needs quotes",
    ),
    (r"quoted scalar; found unexpected end", "a quote is opened and not closed"),
    (
        r"double-quoted scalar",
        "a backslash that YAML does not know; use single quotes to mean it as it stands",
    ),
    (
        r"mapping values are not allowed",
        "an unexpected ':'; indent keys alike, and put a value that has ': ' in quotes",
    ),
    (r"could not find expected ':'", "expected `key: value`"),
    (r"block scalar", "after | or > the text must begin on the next line, indented by spaces"),
    (
        r"block (mapping|collection|sequence)|block end",
        "not indented like the lines above it, or mixes `- item` and `key: value`",
    ),
)


def in_plain_words(error: yaml.MarkedYAMLError) -> Mistake:
    """Return what PyYAML could not read, where, and what to do about it."""
    complaint = f"{error.context or ''}; {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    if re.search(r"unexpected end of stream|scanning an (alias|anchor)", complaint):
        mark = error.context_mark or mark  # where it begins, rather than where it breaks off
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, None)
    for pattern, words in _PLAIN_WORDS:
        if match := re.search(pattern, complaint):
            return Mistake(match.expand(words), line, column)
    return Mistake(f"not valid YAML: {error.problem or error.context}", line, column)
