from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notebooks.source_lines import cell_lines, locate

NOTEBOOK = """\
{
 "metadata": {"cells": [{"source": ["not this one"]}]},
 "cells": [
  {
   "cell_type": "code",
   "outputs": [{"text": ["\\"source\\": [\\n", "x"], "data": {"source": ["a", "b"]}}],
   "metadata": {"source": "nor this"},
   "source": [
    "import os\\n",
    "\\n",
    "os.fork()"
   ]
  },
  {"cell_type": "markdown", "source": "one string\\nof two lines",
   "attachments": {"source": {"cells": "[{"}}},
  {
   "cell_type": "code",
   "source": []
  }
 ],
 "nbformat": 4
}
"""


def test_a_line_of_a_source_kept_as_list_is_found():
    assert locate(NOTEBOOK.encode(), 1, 1) == 9
    assert locate(NOTEBOOK.encode(), 1, 3) == 11


def test_without_a_line_it_is_the_first_of_the_source():
    assert locate(NOTEBOOK.encode(), 1) == 9


def test_every_line_of_a_source_kept_as_one_string_stands_on_its_line():
    assert locate(NOTEBOOK.encode(), 2, 1) == 14
    assert locate(NOTEBOOK.encode(), 2, 2) == 14


def test_an_empty_source_is_found_by_its_key():
    assert locate(NOTEBOOK.encode(), 3, 1) == 18


def test_a_line_past_the_end_is_the_last_one():
    assert locate(NOTEBOOK.encode(), 1, 99) == 11


@pytest.mark.parametrize("cell", [0, -1, 4])
def test_a_cell_that_is_not_there_is_nowhere(cell):
    assert locate(NOTEBOOK.encode(), cell, 1) is None


def test_windows_line_ends_and_a_byte_order_mark_count_as_git_counts():
    data = b"\xef\xbb\xbf" + NOTEBOOK.replace("\n", "\r\n").encode()

    assert locate(data, 1, 3) == 11


def test_minified_json_is_one_line():
    data = json.dumps(json.loads(NOTEBOOK), separators=(",", ":")).encode()

    assert [locate(data, 1, 3), locate(data, 2, 2), locate(data, 3)] == [1, 1, 1]


def test_of_repeated_keys_the_last_one_counts_as_for_json():
    data = b'{"cells": [],\n"cells": [{"source": ["a"],\n"source": [\n"b"]}]}'

    assert locate(data, 1, 1) == 4


def test_pieces_that_end_in_the_middle_of_a_line_are_joined():
    data = b'{"cells": [{"source": [\n"a = ",\n"1\\n",\n"b\\nc"]}]}'

    assert cell_lines(data)[0].source == (2, 4, 4)


def test_escapes_and_odd_separators_begin_no_line():
    source = ["a = '\u2028\u0085\x0c'\n", "b\\n\n", '"\t"']
    data = json.dumps({"cells": [{"source": source}]}, indent=1).encode()

    assert [locate(data, 1, line) for line in (1, 2, 3)] == [5, 6, 7]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"cells"',
        b'{"cells": 3}',
        b'{"cells": [3]}',
        b'{"cells": [{"source": 3}]}',
        b'{"cells": [{"source": ["a", 3]}]}',
        b'{"cells": [{"source": ["a"',
        b'{"cells": [' + b"[" * 100_000,
        b'{"metadata": ' + b"[" * 100_000,
        NOTEBOOK.encode("utf-16"),
        b"\x00\xff\xfe",
    ],
)
def test_what_is_no_notebook_has_no_lines(data):
    assert locate(data, 1, 1) is None


def test_bytes_that_are_not_utf_8_do_no_harm():
    assert locate(b'{"cells": [{"source":\n["\xff"]}]}', 1, 1) == 2


@given(st.integers(min_value=0))
def test_a_file_cut_off_anywhere_is_never_an_error(cut):
    data = NOTEBOOK.encode()

    cell_lines(data[: cut % len(data)])


@given(
    st.lists(st.lists(st.text(), max_size=5), max_size=5),
    st.sampled_from([None, 0, 1, "\t"]),
    st.booleans(),
)
def test_each_line_found_holds_that_line_of_the_source(sources, indent, ascii_only):
    lines = [[line.replace("\n", "") + "\n" for line in source] for source in sources]
    data = json.dumps(
        {"cells": [{"outputs": source, "source": source} for source in lines]},
        indent=indent,
        ensure_ascii=ascii_only,
    ).encode("utf-8", "surrogateescape" if ascii_only else "replace")
    text = data.decode().split("\n")

    found = cell_lines(data)

    assert len(found) == len(lines)
    for cell, source in zip(found, lines, strict=True):
        assert len(cell.source) == len(source)
        for number, line in zip(cell.source, source, strict=True):
            written = json.dumps(line, ensure_ascii=ascii_only).encode("utf-8", "replace").decode()
            assert written in text[number - 1]


def test_a_source_after_large_outputs_is_found():
    cell = {"outputs": [{"text": ["x" * 100 + "\n"] * 20_000}], "source": ["a"]}
    data = json.dumps({"cells": [cell]}, indent=1).encode()

    assert locate(data, 1, 1) == data.count(b"\n") - 3
