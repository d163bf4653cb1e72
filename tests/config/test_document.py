import pytest

from bot.config.document import MAX_BYTES, read_document
from bot.config.syntax import Mistake


def read(text):
    return read_document(text if isinstance(text, bytes) else text.encode())


def problems(document):
    return [mistake.message for mistake in document.mistakes.values()]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("null", None),
        ("~", None),
        ("", None),
        ("true", True),
        ("False", False),
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("0", 0),
        ("3.10", 3.1),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-4", 0.0001),
        ("1E3", 1000.0),
        ("text", "text"),
        ("'no'", "no"),
        ('"12:30"', "12:30"),
        ("'010'", "010"),
        ("|\n  two\n  lines", "two\nlines\n"),
        ("y", "y"),
        ("1.2.3", "1.2.3"),
        ("v1", "v1"),
        ("data/*.csv", "data/*.csv"),
    ],
)
def test_plain_values_are_those_of_yaml_1_2(written, value):
    document = read(f"key: {written}\n")

    assert document.value == {"key": value}
    assert type(document.value["key"]) is type(value)
    assert document.mistakes == {}


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("no", "YAML reads no as false; write false, or 'no' in quotes"),
        ("Yes", "YAML reads Yes as true; write true, or 'Yes' in quotes"),
        ("on", "YAML reads on as true; write true, or 'on' in quotes"),
        ("OFF", "YAML reads OFF as false; write false, or 'OFF' in quotes"),
        ("12:30", "YAML reads 12:30 as the number 750; write '12:30' in quotes"),
        ("1_000", "YAML reads 1_000 as the number 1000; write '1_000' in quotes"),
        ("010", "YAML reads 010 as the number 8; write '010' in quotes"),
        ("0x1F", "YAML reads 0x1F as the number 31; write '0x1F' in quotes"),
        ("08", "YAML reads 08 as a number in some of its versions; write '08' in quotes"),
        ("0o17", "YAML reads 0o17 as a number in some of its versions; write '0o17' in quotes"),
        ("0b_", "YAML reads 0b_ as a number; write '0b_' in quotes"),
        ("2026-01-31", "YAML reads 2026-01-31 as a date; write '2026-01-31' in quotes"),
        ("2026-99-99", "YAML reads 2026-99-99 as a date; write '2026-99-99' in quotes"),
        (".nan", "YAML reads .nan as a number that JSON does not have; write '.nan' in quotes"),
        ("-.inf", "YAML reads -.inf as a number that JSON does not have; write '-.inf' in quotes"),
        ("1e999", "the number 1e999 is too large; write '1e999' in quotes"),
        ("=", "YAML reads = as a special value; write '=' in quotes"),
        ("9" * 301, "a number of more than 300 digits; put it in quotes"),
        ('"\\0"', "text with a NUL or half a surrogate pair is not allowed"),
        ('"\\ud800"', "text with a NUL or half a surrogate pair is not allowed"),
    ],
)
def test_what_yaml_could_misread_is_refused_with_advice(written, advice):
    assert problems(read(f"outer:\n  key: {written}\n")) == [f"outer.key: {advice}"]


def test_keys_are_the_text_that_is_written():
    assert read("{no: 1, 12: 2, 2026-01-31: 3, ~: 4}").value == {
        "no": 1,
        "12": 2,
        "2026-01-31": 3,
        "~": 4,
    }


def test_every_place_has_its_line():
    document = read("a: 1\nb:\n- x\n-\n  c:\n    [1,\n     2]\n")

    assert [
        document.line_of(place)
        for place in [("a",), ("b",), ("b", 0), ("b", 1, "c"), ("b", 1, "c", 1)]
    ] == [1, 2, 3, 5, 7]


def test_what_is_not_there_has_the_line_of_what_it_would_stand_in():
    assert read("a: 1\nb:\n  c: 1\n").line_of(("b", "missing", 3)) == 2


def test_a_key_given_twice_is_told_with_both_lines():
    document = read("a:\n  b: 1\n  c: 2\n  b: 3\n")

    assert [(m.line, m.message) for m in document.mistakes.values()] == [
        (4, "a.b is given twice, first on line 2")
    ]


def test_an_alias_stands_for_what_its_anchor_names():
    assert read("a: &it {x: [1]}\nb: *it\n").value == {"a": {"x": [1]}, "b": {"x": [1]}}


def test_merge_keys_are_refused():
    document = read("a: &it {x: 1}\nb:\n  <<: *it\n")

    assert problems(document) == ["'<<' does not merge here; use `defaults` and `rules`"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("? [a, b]\n: 1\n", "a key must be text, not a list or a mapping"),
        ('"\\ud800": 1\n', "text with a NUL or half a surrogate pair is not allowed"),
    ],
)
def test_a_key_that_is_no_text_is_refused(text, problem):
    assert problems(read(text)) == [problem]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a:\n\t- b", "2:1", "a tab; YAML allows only spaces before keys and values"),
        ("a: [*.ipynb]", "1:5", "a value that begins with * must be in quotes"),
        ("a:\n- *drafts", "2:3", "a value that begins with * must be in quotes"),
        ("a:\n- **/x", "2:3", "a value that begins with * must be in quotes"),
        ("a: @x", "1:4", "a value that begins with @ must be in quotes"),
        ("a: `x`", "1:4", "a value that begins with ` must be in quotes"),
        ("a: %x", "1:4", "a value that begins with % must be in quotes"),
        ("a: &", "1:4", "a value that begins with & must be in quotes"),
        ("a: &x 1\nb: &x 2", "2:4", "an anchor (&name) is given twice"),
        ("a: 'b", "1:4", "a quote is opened and not closed"),
        ('a: "b\nc: d', "1:4", "a quote is opened and not closed"),
        (
            'a: "\\d"',
            "1:6",
            "a backslash that YAML does not know; use single quotes to mean it as it stands",
        ),
        (
            "a: b: c",
            "1:5",
            "an unexpected ':'; indent keys alike, and put a value that has ': ' in quotes",
        ),
        (
            "a:\n- b\nc",
            "3:2",
            "expected `key: value`",
        ),
        ("a: [1, 2\nb: 3", "2:2", "a '[' or '{' is not closed, or something in it needs quotes"),
        ("a: {", "1:5", "a '[' or '{' is not closed, or something in it needs quotes"),
        (
            "a:\n  b: 1\n c: 2",
            "3:2",
            "not indented like the lines above it, or mixes `- item` and `key: value`",
        ),
        (
            "a: 1\n- b",
            "2:1",
            "not indented like the lines above it, or mixes `- item` and `key: value`",
        ),
        (
            "a: |x\n b",
            "1:5",
            "after | or > the text must begin on the next line, indented by spaces",
        ),
        ("a: 1\n---\nb: 2", "2:1", "a second document begins here; the file must hold one"),
        ("%YAML 3.0\n---\na: 1", "1:1", "expected `key: value` lines only"),
    ],
)
def test_yaml_that_cannot_be_read_is_explained_in_plain_words(text, place, words):
    with pytest.raises(Mistake) as caught:
        read(text)

    assert caught.value.at("file") == f"file:{place}: {words}"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [x]", 2, "'!!python/object/apply:os.system'"),
        ("a:\n- !drafts/x.ipynb", 2, "'!drafts/x.ipynb' is read as a tag"),
        ("a: !!str 3.10", 1, "'!!str' is read as a tag"),
        ("a: ! b", 1, "'!' is read as a tag"),
        ("a: 1\nb: \x07", 2, "the character U+0007 is not allowed"),
        ("a: 1\nb: \ufffe", 2, "the character U+FFFE is not allowed"),
        (b"a: 1\nb: \xff", 2, "the file is not text in UTF-8"),
        ("a: 1".encode("utf-16"), 1, "the file is not text in UTF-8"),
        ('a: 1\nb: "\\U00110000"', 2, "not valid YAML"),
        ("a: &a [*a]", 1, "nested more than 20 levels deep"),
        ("a: " + "[" * 20 + "]" * 20, 1, "nested more than 20 levels deep"),
        (b"a" * (MAX_BYTES + 1), 1, "the file is larger than 64 kB"),
    ],
)
def test_what_only_a_program_would_write_is_refused(text, line, words):
    with pytest.raises(Mistake) as caught:
        read(text)

    assert caught.value.line == line
    assert words in caught.value.message
