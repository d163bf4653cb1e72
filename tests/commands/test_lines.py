"""Which lines of a comment are commands, and which are only written about or repeated."""

import pytest
from markdown_it import MarkdownIt

from bot.commands import CommandError, HelpCommand, RunCommand, find_command


@pytest.mark.parametrize(
    "comment",
    [
        "/nbci help",
        "   /nbci help",
        "/nbci help\t ",
        "/nbci\thelp",
        "Thank you!\n\n/nbci help\n\nSee you tomorrow.",
        "Thank you!\r\n/nbci help\r\nSee you tomorrow.",
        "Thank you!\r/nbci help",
        "With a hard break  \n/nbci help",
        "With another\\\n/nbci help",
        "> /nbci run\n\n/nbci help",
        "```\n/nbci run\n```\n/nbci help",
        "- ```\n  never closed\n\n/nbci help",
        "    /nbci run\n\n/nbci help",
        "- /nbci run\n\n/nbci help",
        "# Heading\n/nbci help",
        "***\n/nbci help",
        "`code` and\n/nbci help",
        "2 * 3\n/nbci help\nand * that is it",
        "a --> b\n/nbci help",
        "<!-- /nbci run -->\n/nbci help",
        "<!--\n/nbci run\n-->\n/nbci help",
        "A comment <!-- /nbci run --> between\n/nbci help",
        "Written `<!--` it opens\n\n/nbci help",
        "Opened <!-- and\n\nclosed -->\n/nbci help",
        "<details>\n\n/nbci run\n\n</details>\n\n/nbci help",
        "<!-- <details> -->\n\n/nbci help",
        '<img width="10" src="https://example.org/a>b.png">\n\n/nbci help',
        "Put it in <path>\n\n/nbci help",
        "[text]: https://example.org 'a title'\n/nbci help",
        "|a|\n|-|\n|/nbci run|\n\n/nbci help",
        "\u00a0\n/nbci help",
        "\x0b\nthen\n/nbci help",
    ],
)
def test_a_line_of_plain_text_that_begins_with_the_name_is_a_command(comment):
    assert find_command(comment) == HelpCommand()


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "\n",
        "No command at all.",
        "Please say /nbci run to start it.",
        "/nbcirun",
        "/nbci-run all",
        "/nbci: run",
        "/nbci/run",
        "/nbci\N{COMBINING ACUTE ACCENT} run",
        "/NBCI run",
        "/Nbci run",
        "nbci run",
        "\\/nbci run",
        "&#47;nbci run",
        "\u200b/nbci run",
        "\ufeff/nbci run",
        "\u202e/nbci run",
        "\u00a0/nbci run",
        "\x0c/nbci run",
        "text\u2028/nbci run",
        "text\x0b/nbci run",
        "**/nbci run**",
        "`/nbci run`",
        "[/nbci run](https://example.org)",
    ],
)
def test_the_name_elsewhere_or_another_name_is_no_command(comment):
    assert find_command(comment) is None


@pytest.mark.parametrize(
    "comment",
    [
        "```\n/nbci run\n```",
        "```\n/nbci run",
        "~~~ python\n/nbci run\n```\n/nbci run\n~~~",
        "- ```\n\n  /nbci run\n\n  ```",
        "    /nbci run",
        "\t/nbci run",
        "text\n    /nbci run",
        "text\n\t/nbci run",
        "A span `of code\n/nbci run\n` over lines",
        "A span ``of code\n/nbci run ` \n`` over lines",
        "<pre>\n\n/nbci run\n\n</pre>",
        "<code>\n\n/nbci run\n\n</code>",
        "In code <code>\n/nbci run\n</code>",
    ],
)
def test_code_is_no_command(comment):
    assert find_command(comment) is None


@pytest.mark.parametrize(
    "comment",
    [
        "> /nbci run",
        ">/nbci run\n>\n> all of it",
        "> On Monday somebody wrote a long line that was then wrapped at\n/nbci run",
        "> > deeper\n/nbci run",
        "> - a list\n/nbci run",
        "On Monday, somebody wrote:\n> hello\n> /nbci run\n\nI agree.",
        "> [!NOTE]\n> /nbci run",
        "<blockquote>\n\n/nbci run\n\n</blockquote>",
        "<details><summary>A log</summary>\n\n/nbci run\n\n</details>",
        "<div><details>\n\n/nbci run",
    ],
)
def test_a_quotation_or_a_fold_is_no_command(comment):
    assert find_command(comment) is None


@pytest.mark.parametrize(
    "comment",
    [
        "- /nbci run",
        "- first\n/nbci run",
        "- first\n\n  /nbci run",
        "1. /nbci run",
        "- [ ] /nbci run",
        "# /nbci run",
        "/nbci run\n===",
        "/nbci run\n--- ",
        "/nbci run | what\n---|---\na | b",
        "a | b\n---|---\n/nbci run",
        "text\na | b\n:-:|---\n/nbci run",
        "|a|\n|-|\n/nbci run",
        "a\n:-\n/nbci run",
        "<table>\n<tr>\n<td>\n\n/nbci run\n\n</td>\n</tr>\n</table>",
        "No longer: ~~this\n/nbci run\nwas meant~~",
    ],
)
def test_a_list_a_table_a_heading_and_what_is_struck_are_no_command(comment):
    assert find_command(comment) is None


@pytest.mark.parametrize(
    "comment",
    [
        "<!-- /nbci run -->",
        "<!--\n/nbci run\n-->",
        "<!--\n\n/nbci run\n\n-->",
        "<!--\n/nbci run",
        "text <!--\n/nbci run\n-->",
        "text <!--\n/nbci run",
        "text <!-- note\n\n/nbci run\n\n-->",
        "<div> <!--\n\n/nbci run\n\n-->",
        "<!-- a --> <!--\n\n/nbci run\n\n-->",
        "<div>\n/nbci run\n</div>",
        "<div title='\n\n/nbci run\n\n'>",
        "text <span title='\n/nbci run\n'>",
        "<script>\n\n/nbci run\n\n</script>",
        "<?\n\n/nbci run\n\n?>",
        "<![CDATA[\n\n/nbci run\n\n]]>",
        "[link](https://example.org 'a title\n/nbci run\n')",
        "[link\n/nbci run\n](https://example.org)",
        "![image\n/nbci run\n](https://example.org/a.png)",
        "[label]: https://example.org 'a title\n/nbci run\n'",
    ],
)
def test_what_readers_do_not_see_or_see_as_something_else_is_no_command(comment):
    assert find_command(comment) is None


@pytest.mark.parametrize("character", ["\u00a0", "\u200b", "\u202e", "\u2066", "\x00", "\ud800"])
@pytest.mark.parametrize("comment", ["/nbci{}run", "/nbci run{}all", "/nbci run a{}b.ipynb"])
def test_a_character_that_cannot_be_seen_is_never_carried_out(character, comment):
    with pytest.raises(CommandError) as caught:
        find_command(comment.format(character))

    assert caught.value.problem.startswith("The command holds a character that cannot be seen, `\\")


@pytest.mark.parametrize(
    ("comment", "number"),
    [
        ("/nbci run\n/nbci run", 2),
        ("/nbci run a.ipynb\n\ntext\n\n/nbci cancel\n\n/nbci", 3),
        ("text\n/nbci nonsense\n/nbci run", 2),
    ],
)
def test_of_several_commands_none_is_carried_out(comment, number):
    with pytest.raises(CommandError, match=f"holds {number} commands, so none of them"):
        find_command(comment)


def test_commands_that_are_only_repeated_do_not_count_as_several():
    assert find_command("> /nbci cancel\n\n`/nbci help`\n\n/nbci run") == RunCommand()


@pytest.mark.parametrize("text", ["text\n\n" * 1_000, "word " * 2_000 + "\n"])
def test_below_very_much_text_a_command_is_answered_and_not_carried_out(text):
    with pytest.raises(CommandError, match="Write the command in a comment of its own"):
        find_command(f"{text}/nbci run")


def test_a_long_paragraph_does_not_matter_when_an_empty_line_follows_it():
    assert find_command("word " * 10_000 + "\n\n/nbci run") == RunCommand()


def test_text_below_a_command_does_not_matter():
    assert find_command("/nbci run\n" + "text\n\n" * 10_000) == RunCommand()


def test_the_replies_hold_no_command_themselves():
    with pytest.raises(CommandError) as caught:
        find_command("/nbci run '\n/nbci cancel")

    reply = str(caught.value)

    assert "/nbci" in reply
    assert find_command(reply) is None
    assert "<table>" in MarkdownIt("commonmark").enable("table").render(reply)
