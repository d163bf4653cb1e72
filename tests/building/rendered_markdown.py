"""What a reader gets of the Markdown we write, and whether anything foreign in it is alive."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

OURS = {
    "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "code",
    "pre", "a", "ul", "li", "strong",
}  # fmt: skip

# What GitHub makes something of in text outside of code: mentions, issues, commits, addresses,
# emoji, formulas, footnotes and alerts.
ALIVE = re.compile(
    r"[@#<>\[\]$]|://|www\.|\b[0-9a-f]{7,}\b|\bgh-\d|(?<!\w):[\w+-]+:(?!\w)", re.IGNORECASE
)


class Rendered(HTMLParser):
    """What a reader of the rendered Markdown gets: tags, links, and text outside of code."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.comments: list[str] = []
        self.prose = ""
        self.code: list[str] = []
        self.in_code = 0
        parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        self.feed(parser.render(source))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]
        if tag == "code":
            self.in_code += 1
            self.code.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.in_code -= tag == "code"

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_data(self, data):
        if self.in_code:
            self.code[-1] += data
        else:
            self.prose += data


def assert_inert(markdown: str, links: set[str] = frozenset()) -> Rendered:
    """Assert that nothing in *markdown* is alive but *links* of ours, and that all is closed."""
    page = Rendered(markdown)
    assert set(page.tags) <= OURS
    assert set(page.links) <= links
    assert page.attributes <= {"open", "style", "href"}  # the style is the alignment of a column
    assert not ALIVE.search(page.prose)
    assert page.open == []
    return page
