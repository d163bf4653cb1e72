"""What the runner makes of the text that a cell writes."""

import json

import pytest

from bot.notebooks import runner


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("10%\r50%\r100%\n", "100%\n"),
        ("line\r\nnext\r\n", "line\r\nnext\r\n"),
        ("kept\nloading\rdone", "kept\ndone"),
        ("1/3\b\b\b2/3\b\b\b3/3", "3/3"),
        ("a\b\b\bb\n\bc", "b\nc"),
        ("plain", "plain"),
    ],
)
def test_text_is_kept_as_a_terminal_would_show_it(written, shown):
    assert runner.as_shown(written) == shown


@pytest.mark.parametrize(
    "flood", ["x" * 3_000_000, "x\r" * 1_000_000, "x" * 1_000_000 + "\b" * 1_000_000]
)
def test_a_flood_on_one_line_is_read_once(flood):
    # Anything that looked at each character twice would not end within the time of a test.
    assert len(runner.as_shown("\r" + flood + "\b")) <= len(flood)


@pytest.mark.parametrize("padding", range(14))
@pytest.mark.parametrize("ascii_only", [True, False])
def test_of_a_huge_stream_the_beginning_is_read_wherever_the_limit_cuts(padding, ascii_only):
    limit = runner.CELL_OUTPUT_LIMIT
    text = "x" * (limit - 100 + padding) + 'é😀\\"\n' * 100
    content = json.dumps({"name": "stderr", "text": text}, ensure_ascii=ascii_only).encode()

    kept, left_out = runner.beginning_of_stream(content)

    assert kept["name"] == "stderr"
    assert text.startswith(kept["text"])
    assert limit - 100 < len(kept["text"]) < limit
    assert 0 < left_out < len(content) - len(kept["text"])


def test_a_huge_stream_with_its_name_last_is_read_too():
    text = "x" * (runner.CELL_OUTPUT_LIMIT + 1)
    content = json.dumps({"text": text, "name": "stderr"}).encode()

    kept, _ = runner.beginning_of_stream(content)

    assert kept["name"] == "stderr"
    assert text.startswith(kept["text"])
