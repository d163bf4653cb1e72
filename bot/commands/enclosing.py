"""What the HTML in a comment leaves open around the text that follows it."""

from __future__ import annotations

import re

# Elements that make a quotation, code, a fold, a table, a list or a heading of what is in them.
_ENCLOSING = frozenset(
    {"blockquote", "code", "del", "details", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "kbd"}
    | {"ol", "pre", "q", "s", "samp", "strike", "table", "ul"}
)
_MARK = re.compile(
    r"""(?P<comment><!--(?:-?>)?)
      | <(?P<closing>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)
        (?:[^"'>]|"[^"]*"|'[^']*')*+
        (?P<end>>?)""",
    re.VERBOSE,
)


class Enclosing:
    """Whether the place reached in a comment lies inside of some HTML."""

    def __init__(self) -> None:
        self._in_comment = False
        self._in_tag = False
        self._depth = 0

    def __bool__(self) -> bool:
        return self._in_comment or self._in_tag or self._depth > 0

    def pass_html(self, html: str) -> None:
        """Go past *html*; a tag that it does not end swallows all that follows."""
        at = self._after_comment(html, 0)
        while mark := _MARK.search(html, at):
            at = mark.end()
            if comment := mark["comment"]:
                self._in_comment = not comment.endswith(">")
                at = self._after_comment(html, at)
            elif not mark["end"]:
                self._in_tag = True
            elif mark["name"].lower() in _ENCLOSING:
                self._depth = max(0, self._depth + (-1 if mark["closing"] else 1))

    def pass_text(self, text: str) -> None:
        """Go past *text* that holds no HTML but may begin or end a comment that somebody meant."""
        opened, closed = text.rfind("<!--"), text.rfind("-->")
        if opened != closed:
            self._in_comment = opened > closed

    def _after_comment(self, html: str, at: int) -> int:
        if not self._in_comment:
            return at
        end = html.find("-->", at)
        self._in_comment = end < 0
        return len(html) if end < 0 else end + len("-->")
