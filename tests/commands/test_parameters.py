"""NAME=VALUE, the same on the command line and in a comment."""

import pytest

from bot.commands.parameters import named_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("2.5", 2.5),
        ("true", True),
        ("True", True),
        ("null", None),
        ("None", None),
        ('{"a": [1]}', {"a": [1]}),
        ('"3"', "3"),
        ("a=b", "a=b"),
        ("", ""),
        (" ", " "),
        ("01", "01"),
        ("[1,", "[1,"),
    ],
)
def test_the_value_is_json_or_else_text(text, value):
    found = named_value(f"name={text}")

    assert found == ("name", value)
    assert type(found[1]) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "[1, -1e999]",
        '"\\ud800"',
        "9" * 5_000,
        "[" * 50_000,
    ],
)
def test_what_json_could_not_hold_again_is_text(text):
    assert named_value(f"name={text}") == ("name", text)


@pytest.mark.parametrize("text", ["", "name", "=1", "1a=1", "a-b=1", "a b=1", " a=1", "a.b=1"])
def test_a_name_is_an_identifier(text):
    assert named_value(text) is None
