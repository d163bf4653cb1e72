from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notebooks.ansi import PLAIN, Style, spans, strip


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("1", Style(bold=True)),
        ("31", Style(foreground=1)),
        ("97;104", Style(foreground=15, background=12)),
        ("38;5;9", Style(foreground=9)),
        ("38;5;28", Style(foreground=(0, 135, 0))),
        ("48;5;232", Style(background=(8, 8, 8))),
        ("38;2;1;2;3;4", Style(foreground=(1, 2, 3), underline=True)),
        ("38:2::1:2:3", Style(foreground=(1, 2, 3))),
        ("38:5:196", Style(foreground=(255, 0, 0))),
        ("38;2;999;0;0", Style(foreground=(255, 0, 0))),
        ("1;31;22", Style(foreground=1)),
        ("31;39", PLAIN),
        ("2;3;4;7;9", Style(faint=True, italic=True, underline=True, inverse=True, strike=True)),
        ("31;0", PLAIN),
        ("31;", PLAIN),
        ("38;5", PLAIN),
        ("38", PLAIN),
        ("55;?", PLAIN),
    ],
)
def test_a_colour_sequence_sets_how_the_text_after_it_looks(codes, style):
    assert list(spans(f"\x1b[{codes}mx")) == [("x", style)]


@pytest.mark.parametrize(
    "escape",
    [
        "\x1b[2J", "\x1b[10;10H", "\x1b[?25l", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\",
        "\x1bP1;2q~~\x1b\\", "\x1b(0", "\x1bc", "\x1b", "\x9b31m", "\x1b[", "\x1b]52;c;unfinished",
    ],
)  # fmt: skip
def test_other_escapes_are_dropped(escape):
    assert strip(f"a{escape}") == "a"


@given(st.text(alphabet="\x1b[]0123;:mJax\n\x07\x9b"))
def test_no_escape_is_left(text):
    parts = [part for part, _ in spans(text)]

    assert "".join(parts) == strip(text)
    assert not set(strip(text)) & {"\x1b", "\x9b"}
    assert all(parts)
