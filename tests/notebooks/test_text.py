import json
import subprocess
import sys

import jupytext
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from bot.notebooks.text import InvalidNotebook, is_text_notebook, read_text_notebook

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
FORMATS = ["py:percent", "py:hydrogen", "py:light", "md:markdown", "md:myst", "Rmd", "py:sphinx"]


def read(text, path="a.py"):
    found = read_text_notebook(path, text.encode())
    nbformat.validate(nbformat.from_dict(found.notebook))
    return found


def cells(text, path="a.py"):
    found = read(text, path)
    return [
        (cell["cell_type"], cell["source"], line)
        for cell, line in zip(found.notebook["cells"], found.cell_lines, strict=True)
    ]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("a.py", True),
        ("guide/a.md", True),
        ("a.Rmd", True),
        ("a.R", True),
        ("a.jl", True),
        ("a.ipynb", False),
        ("a.qmd", False),
        ("a.txt", False),
        ("Makefile", False),
        (".py", False),
    ],
)
def test_text_notebooks_are_known_by_their_ending(path, is_one):
    assert is_text_notebook(path) is is_one


def test_a_percent_script_is_read_with_its_lines():
    text = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Title
# text

# %% tags=["parameters"]
rows = 10

# %%
# %matplotlib inline
# !ls
import numpy

# %% [raw]
# as it stands

# %% [markdown]
\"\"\"
quoted
\"\"\"

# %%


# %%

late = 1
"""
    found = read(text)

    assert cells(text) == [
        ("markdown", "# Title\ntext", 10),
        ("code", "rows = 10", 14),
        ("code", "%matplotlib inline\n!ls\nimport numpy", 17),
        ("raw", "as it stands", 22),
        ("markdown", "quoted", 26),
        ("code", "", 29),
        ("code", "\nlate = 1", 33),
    ]
    assert found.notebook["cells"][1]["metadata"]["tags"] == ["parameters"]
    assert found.notebook["metadata"] == {**PYTHON, "language_info": {"name": "python"}}
    assert found.line_of(3, 3) == 19
    assert found.line_of(3) == 17


def test_a_myst_document_is_read_with_its_lines():
    text = """\
---
title: A guide
kernelspec:
  name: python3
---

# Title

```{code-cell} ipython3
:tags: [parameters]

rows = 10
```

+++ {"part": "two"}

```python
not_run = 1
```

```{code-cell} ipython3
---
tags:
- raises-exception
---
first = 1
second = 2
```

````{code-cell}
"```"
````
"""
    found = read(text, "a.md")

    assert cells(text, "a.md") == [
        ("markdown", "# Title", 7),
        ("code", "rows = 10", 12),
        ("markdown", "```python\nnot_run = 1\n```", 17),
        ("code", "first = 1\nsecond = 2", 26),
        ("code", '"```"', 31),
    ]
    assert found.notebook["cells"][1]["metadata"] == {"tags": ["parameters"]}
    assert found.notebook["cells"][3]["metadata"] == {"tags": ["raises-exception"]}
    assert found.notebook["metadata"]["kernelspec"] == {
        "name": "python3",
        "display_name": "python3",
    }
    assert found.notebook["metadata"]["language_info"] == {"name": "python"}


def test_r_markdown_is_read_with_its_lines():
    text = (
        "---\ntitle: x\n---\n\nText\n\n```{r, echo=FALSE}\nx <- 1\ny <- 2\n```\n\n```{r}\nz\n```\n"
    )

    assert cells(text, "a.Rmd") == [
        ("raw", "---\ntitle: x\n---", 1),
        ("markdown", "Text", 5),
        ("code", "x <- 1\ny <- 2", 8),
        ("code", "z", 13),
    ]
    assert read(text, "a.Rmd").notebook["metadata"]["language_info"] == {"name": "R"}


def test_a_cell_in_another_language_gets_its_magic_on_the_line_of_the_marker():
    text = "```python\nx = 1\n```\n\n```bash\nls\npwd\n```\n"

    assert cells(text, "a.md") == [("code", "x = 1", 2), ("code", "%%bash\nls\npwd", 5)]


def test_a_script_without_markers_is_cells_between_blank_lines():
    assert cells("x = 1\ny = 2\n\n# text\n\nz = 3\n") == [
        ("code", "x = 1\ny = 2", 1),
        ("markdown", "text", 4),
        ("code", "z = 3", 6),
    ]


def test_markdown_with_a_colon_fence_needs_no_other_program():
    text = "```python\nx = 1\n```\n\n::: note\nhello\n:::\n"

    assert cells(text, "a.md")[0] == ("code", "x = 1", 2)


def test_a_sphinx_gallery_script_gets_no_cell_of_ours():
    text = '"""\nTitle\n"""\nx = 1\n' + "#" * 40 + "\n# Text\n\ny = 2\n" + "#" * 40 + "\n# More\n"

    assert cells(text) == [
        ("markdown", "Title", 2),
        ("code", "x = 1", 4),
        ("markdown", "Text", 6),
        ("code", "y = 2", 8),
        ("markdown", "More", 10),
    ]


def test_a_script_without_a_header_is_of_the_language_of_its_ending():
    assert read("# %%\nx = 1\n").notebook["metadata"] == {"language_info": {"name": "python"}}
    assert read("# %%\nx <- 1\n", "a.R").notebook["metadata"] == {"language_info": {"name": "R"}}


def test_a_plain_markdown_file_has_no_code():
    assert cells("Just text.\n", "README.md") == [("markdown", "Just text.", 1)]


def test_an_empty_file_has_no_code():
    assert all(source == "" for _, source, _ in cells(""))


def test_windows_line_ends_and_a_byte_order_mark_are_read():
    text = "\ufeff# %%\r\nx = 1\r\n\r\n# %%\r\ny = 2\r\n"

    assert cells(text) == [("code", "x = 1", 2), ("code", "y = 2", 5)]


def test_characters_that_only_some_take_for_line_ends_stay_where_they_are():
    text = "# %%\nx = 'a\u2028b\x0cc\x85'\n\n# %%\ny = 1\n"

    assert cells(text) == [("code", "x = 'a\u2028b\x0cc\x85'", 2), ("code", "y = 1", 5)]


def test_the_same_content_gives_the_same_notebook():
    text = "# %%\nx = 1\n\n# %%\ny = 2\n"

    assert read(text) == read(text)
    assert json.loads(json.dumps(read(text).notebook)) == read(text).notebook


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a.py", b"# %%\nx\n\xff", "line 3 is not text in UTF-8"),
        ("a.py", b"x" * 1_000_001, "a text notebook can have 1,000,000 bytes at most"),
        ("a.py", b"\n" * 10_001, "a text notebook can have 10,000 lines at most"),
        ("a.qmd", b"x", "its format is quarto; use a percent script or MyST Markdown"),
        (
            "a.py",
            b"import marimo\napp = marimo.App()\n@app.cell\ndef f(): pass\n",
            "its format is marimo; use a percent script or MyST Markdown",
        ),
        ("a.md", b"---\n- a\n---\n\n```{code-cell}\nx\n```\n", "found character '`'"),
        (
            "a.md",
            b"---\nkernelspec: [\n---\n\n```{code-cell}\nx\n```\n",
            "expected the node content",
        ),
        ("a.md", b"```{code-cell}\n---\na: [\n---\nx\n```\n", "Invalid YAML"),
        ("a.py", b'# %% tags=["a", "a"]\nx\n', "['a', 'a'] has non-unique elements"),
        ("a.txt", b"x", "No format associated to extension '.txt'"),
        (
            "a.py",
            b"# ---\n# jupyter:\n#   x: " + b"[" * 5000 + b"\n# ---\n",
            "maximum recursion depth exceeded",
        ),
    ],
)
def test_what_cannot_be_read_is_invalid_with_the_reason(path, data, reason):
    with pytest.raises(InvalidNotebook) as caught:
        read_text_notebook(path, data)

    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_aliases_in_a_header_are_not_expanded():
    lines = ["a: &a [" + "x, " * 9 + "x]"]
    lines += [f"{b}: &{b} [" + ", ".join([f"*{a}"] * 10) + "]" for a, b in ["ab", "bc", "cd", "de"]]
    lines += ["f: &f [" + ", ".join(["*e"] * 10) + "]", "kernelspec: {name: python3, x: *f}"]
    header = "\n".join(["---", "jupyter:", *(f"  {line}" for line in lines), "---"])
    options = "\n".join(f":{line}" for line in [*lines, "tags: *f"])

    script = read("\n".join(f"# {line}" for line in header.splitlines()) + "\n\n# %%\nx = 1\n")
    document = read(f"{header}\n\n```{{code-cell}}\n{options}\nx = 1\n```\n", "a.md")

    assert len(json.dumps(script.notebook)) < 2000
    assert len(json.dumps(document.notebook)) < 2000


CODE_LINES = st.sampled_from(
    [
        "x = 1",
        "    y = 2",
        "",
        "# comment",
        "#comment",
        "%matplotlib inline",
        "# %timeit 1",
        "!ls",
        "value = !ls",
        "help?",
        "cd ..",
        "'''",
        '"""',
        "text = '''",
        "# + not a marker",
        "# -",
        "---",
        ":option: 1",
        "```",
        "~~~",
        "s = 'ü\u2028'",
        "\tif x:",
        "x <- 1",
        "<!-- #region -->",
        "+++",
        "# # twice",
    ]
)
TEXT_LINES = st.sampled_from(
    ["text", "# heading", "", "- item", "    indented", "x = 1", "a 'b' \"c\""]
)
METADATA = st.sampled_from([{}, {"tags": ["a", "b"]}, {"tags": ["c"], "deep": {"x": [1, "y"]}}])
CELLS = st.lists(
    st.builds(new_code_cell, st.lists(CODE_LINES, max_size=5).map("\n".join), metadata=METADATA)
    | st.builds(new_markdown_cell, st.lists(TEXT_LINES, max_size=4).map("\n".join))
    | st.builds(new_raw_cell, st.lists(TEXT_LINES, min_size=1, max_size=3).map("\n".join)),
    max_size=6,
)


def written(cells_of_it, fmt):
    """Return a notebook as text in which each code cell begins with a line nothing else has."""
    for number, cell in enumerate(cells_of_it):
        if cell.cell_type == "code":
            cell.source = f"unique_{number} = 1\n" + cell.source
    return jupytext.writes(new_notebook(cells=cells_of_it, metadata=PYTHON), fmt)


@pytest.mark.parametrize("fmt", FORMATS)
@given(data=st.data())
def test_every_code_cell_is_found_on_its_line(fmt, data):
    text = written(data.draw(CELLS), fmt)
    lines = text.split("\n")

    found = read_text_notebook("a." + fmt.partition(":")[0], text.encode())

    for number, cell in enumerate(found.notebook["cells"], 1):
        if cell["cell_type"] == "code" and cell["source"].startswith("unique_"):
            first = cell["source"].split("\n")[0]
            assert found.line_of(number) == lines.index(first) + 1


@pytest.mark.parametrize("fmt", FORMATS)
@given(data=st.data())
def test_every_line_of_a_code_cell_is_the_files_but_for_a_comment_before_a_magic(fmt, data):
    text = written(data.draw(CELLS), fmt)
    lines = text.split("\n")

    found = read_text_notebook("a." + fmt.partition(":")[0], text.encode())

    for number, cell in enumerate(found.notebook["cells"], 1):
        if cell["cell_type"] == "code" and cell["source"]:
            for cell_line, source in enumerate(cell["source"].split("\n"), 1):
                line = lines[found.line_of(number, cell_line) - 1]
                assert line.strip() in (source.strip(), f"# {source.strip()}", f"#{source.strip()}")


@pytest.mark.parametrize("fmt", FORMATS[:-1])
@given(data=st.data())
def test_cells_are_those_jupytext_reads(fmt, data):
    text = written(data.draw(CELLS), fmt).replace("\u2028", " ")
    path = "a." + fmt.partition(":")[0]

    expected = jupytext.reads(text, path.partition(".")[2])

    assert [(kind, source) for kind, source, _ in cells(text, path)] == [
        (cell.cell_type, cell.source) for cell in expected.cells
    ]


@given(st.text(st.sampled_from("#%- +\n`{}:code-cell\"'[]=a\t<!>~&*"), max_size=80))
@pytest.mark.parametrize("path", ["a.py", "a.md", "a.Rmd", "a.R"])
def test_any_text_is_a_notebook_or_invalid(path, text):
    try:
        found = read_text_notebook(path, text.encode())
    except InvalidNotebook:
        return
    lines = text.split("\n")
    assert all(1 <= line <= len(lines) for line in found.cell_lines)


def test_reading_leaves_jupytexts_configuration_alone(tmp_path):
    (tmp_path / "jupytext.toml").write_text("this is = not toml")
    program = (
        "from bot.notebooks.text import read_text_notebook as read;"
        "print(read('a.py', b'# %%\\nx = 1\\n').notebook['cells'][0]['source'])"
    )

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("x = 1\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["jupytext.toml"]


def test_asking_for_a_name_does_not_import_jupytext():
    program = (
        "import sys; from bot.notebooks.text import is_text_notebook as ask; ask('a.py');"
        "print({'jupytext', 'nbformat', 'yaml'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout == b"set()\n"
