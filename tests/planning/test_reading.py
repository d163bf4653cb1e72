"""What is told from the text of a file, whatever the text is."""

import ast
import json

import pytest
from building.notebooks import notebook
from hypothesis import example, given
from hypothesis import strategies as st

from bot.planning.facts import Facts, Import
from bot.planning.import_lines import imports_in, likely_imports, parse
from bot.planning.magics import read_cell
from bot.planning.python_code import read_python
from bot.planning.reading import Role, read_facts

WORDS = st.one_of(
    st.sampled_from(
        ["import", "from", "a.b", "..x", "as", "await", "print 1", "cd", "-m", "x", "="]
    ),
    st.sampled_from([".", "*", "(", ")", "]", ",", ";", ":", "\n", "\\\n", "    ", "#", "/", "+"]),
    st.sampled_from(["%run", "%%time", "%%bash", "!", "?", '"""', "'''", "'", "f'{", "$", "é"]),
    st.sampled_from(
        ["sys.path", ".append(", "os.path.join(", "__file__", "exec(open(", "__all__ = ["]
    ),
    st.sampled_from(["if TYPE_CHECKING:", "import_module(", "\x00", "\ud800", "\t", "\r"]),
)
CODE = st.lists(WORDS, max_size=40).map(" ".join) | st.lists(WORDS, max_size=40).map("".join)


@given(CODE | st.text())
@example("(" * 10_000)
@example("import " + "a." * 10_000)
@example("from x import (\n" * 2_000)
@example('"""' * 999)
@example("'" + '"""' * 99 + "'''")
@example("sys.path.append(" + "os.path.join(" * 500 + "'a'" + ")" * 501)
@example("-" * 10_000 + "1")
@example("x = " + "-" * 5_000 + "1; __import__(x)")
@example("%timeit -" + "1" * 100_000 + "\nx")
@example(" " * 100_000 + "?\n" + "a " * 50_000 + "!")
@example("!" + "'a " * 100_000)
@example("x:" + " " * 100_000 + "from" + " " * 100_000)
@example("\n".join(["x = x + 'a'; from a import ("] * 3_000))
@example("sys.path.append(x)\n" + "x = 'a'\n" + "x = x + x\n" * 100)
def test_any_text_can_be_read_in_any_role(text):
    for role in Role:
        read_facts("a.py", text.encode("utf-8", "surrogatepass"), role)
    source = json.dumps(notebook(text)).encode()
    assert isinstance(read_facts("a.ipynb", source, Role.NOTEBOOK), Facts)


@given(
    st.binary()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
        lambda value: json.dumps({"nbformat": 4, "cells": value, "metadata": value}).encode()
    )
)
def test_any_bytes_can_be_read_as_a_notebook(data):
    read_facts("a.ipynb", data, Role.NOTEBOOK)


NAME = st.sampled_from(["a", "b.c", "d_1", "e.f.g"])
STATEMENT = st.one_of(
    st.builds("import {}".format, NAME),
    st.builds("import {} as x, {}".format, NAME, NAME),
    st.builds("from {}{} import y".format, st.sampled_from(["", ".", "..", "... "]), NAME),
    st.builds("from {} import (y,  # z)\n    z)".format, NAME),
    st.builds("from {} import y, \\\n    z".format, NAME),
    st.builds("from . import {}".format, st.just("y")),
    st.builds("try: import {}\nexcept ImportError: pass".format, NAME),
    st.builds("if x:\n    import {}\nelse:\n    from {} import *".format, NAME, NAME),
    st.builds("def f():\n    '''\n    import {}\n    '''\n    import {}; x = 1".format, NAME, NAME),
    st.builds("text = '''\nimport {}\n'''".format, NAME),
    st.builds('"""Doc.\n\n>>> import {}\n"""'.format, NAME),
    st.builds("# import {}".format, NAME),
    st.builds("x = 'import {}'".format, NAME),
    st.builds("x = {{'a': 1}}  # '''{}".format, NAME),
    st.builds("x = \"'''\"  # {}".format, NAME),
    st.builds("x = '''\\'''\nimport {}\n'''".format, NAME),
)


@example(["x = {'a': 1}  # '''a", "text = '''\nimport a\n'''"])
@example(["x = \"'''\"", "text = '''\nimport a\n'''"])
@example(["x = '''\\'''\nimport a\n'''"])
@given(st.lists(STATEMENT, max_size=6))
def test_looking_at_lines_finds_what_the_syntax_tree_has(statements):
    code = "\n".join(statements)

    found = set(read_python([code]).imports)

    assert found == set(imports_in(ast.walk(ast.parse(code))))


@given(st.lists(STATEMENT, max_size=6))
def test_what_does_not_compile_still_gives_its_imports(statements):
    code = "\n".join([*statements, "print 'no longer Python'"])

    found = set(likely_imports(code))

    assert parse(code) is None
    expected = {
        item
        for statement in statements
        if statement.startswith(("import", "from")) and "\n" not in statement
        for item in imports_in(ast.parse(statement).body)
    }
    assert expected <= found


@given(CODE)
def test_facts_survive_being_stored(text):
    facts = read_python([text])

    assert Facts.from_json(facts.to_json()) == facts


def test_a_cell_that_only_contains_percent_signs_in_strings_is_left_alone():
    source = "text = '''\n%run a.py\n!ls\n'''\nimport b"

    assert read_cell(source).python == source


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if x:\n    !ls\n    y = 1", "if x:\n    pass\n    y = 1"),
        ("files = !ls \\\n  -l\nx = 1", "pass\nx = 1"),
        ("%timeit -n 10 import a", "import a"),
        ("print??", "pass"),
        ("%pinfo print", "pass"),
        ("\n\n%%bash\nls", ""),
        ("%%time\n%matplotlib inline\nimport a", "\npass\nimport a"),
    ],
)
def test_magics_give_way_to_python(source, python):
    assert read_cell(source).python == python


def test_python_2_is_read_line_by_line():
    facts = read_python(["print 'x'\nfrom a import b\nimport c"])

    assert facts.imports == (Import(0, "a", "b"), Import(0, "c", ""))


def test_other_languages_are_not_read_as_python():
    kernel = {"name": "ir", "language": "R", "display_name": "R"}
    data = json.dumps(notebook("import a", kernelspec=kernel)).encode()

    assert read_facts("a.ipynb", data, Role.NOTEBOOK) == Facts()
