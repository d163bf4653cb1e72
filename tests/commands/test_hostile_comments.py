"""Whatever a comment holds: an answer, in bounded work, and nothing that was not meant."""

import itertools
import shlex
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.commands import CommandError, RunCommand, RunScope, find_command

LONGEST = 65_536
SUBCOMMANDS = ("changed", "failed", "all")

PIECES = st.sampled_from(
    [
        "/nbci run", "/nbci", "/nbci run a.ipynb", "\n", "\n\n", "\r\n", "\r", " ", "    ", "\t",
        "> ", "- ", "1. ", "# ", "===", "---", "***", "`", "``", "```", "~~~", "~~", "*", "_",
        "<!--", "-->", "<details>", "</details>", "<div>", "</div>", "<pre>", "</pre>", "<b", ">",
        "<code>", "</code>", "<a title='", "'", '"', "[", "](", ")", "[a]: ", "![", "\\", "&lt;",
        "|", "|-|", "a | b", "-|-", "text", "\0", "\u00a0", "\u200b", "\u202e", "\x0b", "\x85",
        "\u2028", "\ufeff", "\ud800", "<?", "?>", "<![CDATA[", "]]>", "<https://example.org>",
    ]
)  # fmt: skip
COMMENTS = st.lists(PIECES | st.text(max_size=3), max_size=25).map("".join)

HOSTILE = {
    "quotes": ">",
    "quoted lists": "> - " * 9 + "a\n",
    "lists": "- ",
    "list lines": "-\n",
    "numbers": "1) ",
    "lines": "a\n",
    "paragraphs": "a\n\n",
    "empty lines": "\n",
    "fences": "```\n",
    "backticks": "`a``b",
    "brackets": "[",
    "images": "![",
    "links": "[a](<b 'c",
    "references": "[a]: b\n",
    "open titles": "[a]: b 'c\n",
    "tags": '<a "',
    "comments": "a <!-- ",
    "processing": "a<?",
    "html blocks": "<div>\n\n",
    "stars": "*a **b ",
    "struck": "~~a",
    "table": "|a" * 400 + "|\n" + "|-" * 400 + "|\n" + "x\n" * 1000,
    "backslashes": "\\",
    "entities": "&lt",
    "quotation marks": "/nbci run '\n",
    "commands": "/nbci run\n",
}


def answer(comment):
    try:
        return find_command(comment)
    except CommandError as error:
        return error


def calls_for(comment):
    """Count the calls of Python functions that it takes to read *comment*."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    find_command("/nbci run")
    sys.setprofile(count)
    try:
        answer(comment)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("length", [1_900, LONGEST])
@pytest.mark.parametrize("end", ["\n/nbci run", "\n\n/nbci run"])
def test_the_work_is_bounded_whatever_stands_in_front(piece, length, end):
    text = (piece * length)[: length - len(end)]

    for comment in (text + end, "\n".join(text.split("\n")[:295]) + end):
        assert calls_for(comment) < 400_000


@given(COMMENTS)
def test_any_comment_gets_a_command_none_or_a_reply(comment):
    found = answer(comment)

    assert found is None or "/nbci" in comment
    if isinstance(found, CommandError):
        assert found.problem.encode()


@given(COMMENTS)
def test_what_is_carried_out_can_be_read_as_plain_text(comment):
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    found = answer(comment)

    tokens = parser.parse(comment)
    plain = [
        child
        for before, token in itertools.pairwise(tokens)
        if before.type == "paragraph_open" and before.level == 0
        for child in token.children
        if child.type == "text" and child.content.startswith("/nbci")
    ]
    assert found is None or plain


@given(COMMENTS, st.sampled_from(["> ", ">", "    ", "\t", "- \t"]))
def test_a_comment_that_is_quoted_or_indented_whole_does_nothing(comment, prefix):
    lines = comment.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    assert answer("\n".join(prefix + line for line in lines)) is None


@given(COMMENTS)
def test_a_comment_in_a_fence_does_nothing(comment):
    assert answer(f"{'~' * 90}\n{comment}\n{'~' * 90}") is None


@given(st.text(min_size=1, max_size=30))
def test_nothing_of_a_comment_has_an_effect_in_the_reply(word):
    found = answer(f"/nbci {shlex.quote('x' + word)}")

    if isinstance(found, CommandError):
        (inline,) = [
            token for token in MarkdownIt("commonmark").parse(found.problem) if token.content
        ]
        assert {child.type for child in inline.children} <= {"text", "code_inline"}
        outside = "".join(child.content for child in inline.children if child.type == "text")
        assert not set(outside) & set("@#<>[]()*_~&\\")


def is_plain_path(path):
    return (
        path.isprintable()
        and path.strip(" ./") != ""
        and not path.startswith(("/", "-", "\N{EN DASH}", "\N{EM DASH}"))
        and not {"..", "."} & set(path.split("/"))
        and "//" not in path
        and not path.endswith("/")
        and "`" not in path
        and "<!--" not in path
        and path.lower() not in SUBCOMMANDS
    )


@given(st.lists(st.text(min_size=1).filter(is_plain_path), min_size=1, max_size=5, unique=True))
def test_every_path_can_be_written(paths):
    comment = "/nbci run " + shlex.join(paths)

    assert find_command(comment) == RunCommand(scope=RunScope.PATHS, paths=tuple(paths))
