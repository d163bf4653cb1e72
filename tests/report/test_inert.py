"""What GitHub would make something of, and what becomes of it in our Markdown."""

from __future__ import annotations

import pytest
from building.rendered_markdown import Rendered, assert_inert
from hypothesis import given
from hypothesis import strategies as st

from bot.report.inert import code, fenced, linked, table_row, words
from bot.report.plain import plain_block

ALIVE = [
    "thanks @octo", "@octo/team", "#123", "GH-123", "acme/models#1", "fixes #1", "deadbeef",
    "a5c3785ed8d6a35868bc169f07e40e889087fd2e", "effaced", ":tada:", "https://evil.example",
    "www.evil.example", "a@evil.example", "note[^1]", "<b>x</b>", "![i](http://evil.example)",
    "- [ ] task", "$x^2$", "$`x`$", "a | b", "a\\", "> [!NOTE]", "**x**", "~~x~~", "1. first",
    "1) first", "# x", "&copy;", "<!-- x", "jlord@a5c3785", "`a`@octo`", "``", "```math",
]  # fmt: skip

TEXTS = st.text(
    alphabet="`|\\<>@#a1.:$w/ \t\n*_-+=[]()!&'\"^~{}?%\u202e\udcff\ud800é😀", max_size=40
)


@pytest.mark.parametrize("text", ALIVE)
def test_what_github_makes_something_of_is_code(text):
    assert assert_inert(words(text)).code == [text]


@pytest.mark.parametrize(
    "text",
    [
        "imports `src/metrics.py`, changed",
        "runs `a.py`, which imports `b.py`, renamed from `c.py`",
        "At most 500 notebooks are run (`max_notebooks`).",
        "unknown key 'excluded'; did you mean 'exclude'?",
        "timeout_minutes must be a whole number above 0, got True",
    ],
)
def test_our_own_sentences_stay_sentences(text):
    assert words(text) == text


@given(TEXTS)
def test_a_code_span_shows_its_text_and_nothing_else(text):
    page = assert_inert(f"x {code(text)} y")

    assert len(page.code) == bool(text)
    assert page.prose.strip() == "x  y" if text else "x y"


@given(TEXTS, TEXTS)
def test_a_row_has_its_cells_whatever_they_hold(first, second):
    page = assert_inert("| a | b |\n|-|-|\n" + table_row([code(first), words(second)]))

    assert page.tags.count("td") == 2
    assert page.tags.count("tr") == 2


@pytest.mark.parametrize("text", ["a|b", "a\\|b", "a\\\\|b", "|", "a\\"])
def test_a_cell_shows_pipes_and_backslashes_as_they_are(text):
    page = Rendered("| a |\n|-|\n" + table_row([code(text)]))

    assert page.code == [text]


@given(TEXTS, st.integers(min_value=200, max_value=400))
def test_a_fence_is_closed_and_keeps_within_its_room(text, room):
    block = fenced(plain_block(text * 20), room)

    assert len(block.encode()) <= room
    assert len(assert_inert(f"{block}\n\nafter").code) == 1


@given(TEXTS)
def test_a_url_cannot_leave_its_link(text):
    page = Rendered(f"{linked('label', f'https://github.com/{text}')} after")

    assert page.tags == ["p", "a"]
    assert page.prose.strip() == "label after"


def test_without_a_url_there_is_no_link():
    assert linked("`a`", None) == "`a`"
