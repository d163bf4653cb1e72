"""The lines of a comment that are addressed to nbci, by the rules of GitHub's Markdown.

What is quoted, code, listed, in a table or hidden is not addressed to anybody.
https://github.github.com/gfm/
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bot.commands.command import CommandError
from bot.commands.enclosing import Enclosing

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_NAME = "/nbci"
_NEWLINE = re.compile(r"\r\n?|\n")
_ADDRESSED = re.compile(rf" {{0,3}}{_NAME}(.?)", re.DOTALL)

# So much Markdown is parsed in milliseconds, whatever it is made of.
_MOST_LINES = 300
_LONGEST_PARAGRAPHS = 2_000

_TOO_MUCH = (
    "There is too much text in front of `/nbci` in this comment."
    " Write the command in a comment of its own."
)


def addressed_lines(comment: str) -> list[str]:
    """Return the lines of *comment* that are commands, or were meant to be.

    Raises CommandError where that cannot be told for the amount of text in front of them.
    """
    lines = _NEWLINE.split(comment)
    if not any(map(_is_addressed, lines)):
        return []
    if any(map(_is_addressed, lines[_MOST_LINES:])):
        raise CommandError(_TOO_MUCH)
    return [lines[number] for number in _Reading(lines[:_MOST_LINES]).addressed()]


def _is_addressed(line: str) -> bool:
    """Whether the line begins with our name, and our name does not go on.

    A character that cannot be seen does not make it another name.
    """
    match = _ADDRESSED.match(line)
    return match is not None and (match[1] in ("", " ") or not match[1].isprintable())


class _Reading:
    """One pass over a comment, from its top to its end."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._environment: dict[str, Any] = {}
        self._enclosing = Enclosing()
        self._room = _LONGEST_PARAGRAPHS

    def addressed(self) -> Iterator[int]:
        """Yield the numbers of the lines that are addressed to nbci."""
        before = ""
        for token in _parser().parse("\n".join(self._lines), self._environment):
            if token.type == "html_block":
                self._enclosing.pass_html(token.content)
            # The text of a paragraph that is inside of nothing.
            elif token.level == 1 and before == "paragraph_open" and token.map:
                yield from self._in_paragraph(token.content, *token.map)
            before = token.type

    def _in_paragraph(self, text: str, start: int, end: int) -> Iterator[int]:
        candidates = {
            number
            for number in range(start, self._end_of_prose(start, end))
            if _is_addressed(self._lines[number])
        }
        # Nothing in a paragraph can be around its first line.
        if start in candidates and not self._enclosing:
            yield start
        later = candidates - {start}
        if not (later or "<!--" in text or (self._enclosing and "-->" in text)):
            return
        self._room -= len(text)
        if self._room >= 0:
            yield from self._among(later, text, start, end)
        elif later:
            raise CommandError(_TOO_MUCH)
        else:
            self._enclosing.pass_text(text)

    def _end_of_prose(self, start: int, end: int) -> int:
        """Return where a table begins among these lines of a paragraph, or their end.

        The parser's own tables take half a second for a comment that is made for it.
        """
        rows = (row for row in range(start + 1, end) if _is_delimiter_row(self._lines[row]))
        return next(rows, end + 1) - 1

    def _among(self, candidates: set[int], text: str, start: int, end: int) -> Iterator[int]:
        # The parser trims the text of a paragraph by characters that may be lines of their own.
        raw = "\n".join(self._lines[start:end]).replace("\0", "\ufffd")
        first = start + raw.count("\n", 0, raw.find(text))
        for token in _inline_tokens(text, self._environment):
            if token.type == "html_inline":
                self._enclosing.pass_html(token.content)
            elif token.type == "text":
                self._enclosing.pass_text(token.content)
            elif token.type == _NAME and token.level == 0 and not self._enclosing:
                number = first + token.meta["line"]
                if number in candidates:
                    yield number


def _is_delimiter_row(line: str) -> bool:
    return "-" in line and not line.strip("|:- \t")


def _inline_tokens(text: str, environment: dict[str, Any]) -> list[Token]:
    parser = _parser()
    return parser.inline.parse(text, parser, environment, [])


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    # What is inline is parsed where it matters only. Emphasis does not: its text is there to read.
    parser.disable(["inline", "text_join", "emphasis", "entity"])
    parser.enable("strikethrough")
    parser.inline.ruler.before("text", "addressed", _addressed)
    return parser


def _addressed(state: StateInline, silent: bool) -> bool:
    """Make a token of our name at the start of a line: a rule for the parser of inline text."""
    if not state.src.startswith(_NAME, state.pos):
        return False
    line = state.src.rfind("\n", 0, state.pos) + 1
    if state.src[line : state.pos].strip(" \t"):
        return False
    if not silent:
        state.push(_NAME, "", 0).meta = {"line": state.src.count("\n", 0, state.pos)}
    state.pos += len(_NAME)
    return True
