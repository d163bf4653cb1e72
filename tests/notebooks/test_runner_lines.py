"""The line of the cell, as each IPython tells it: tracebacks recorded with the versions named."""

import pytest

from bot.notebooks.runner import line_in_cell

SOURCE = (
    "try:\n    1/0\nexcept ZeroDivisionError as e:\n    y = 3\n    raise ValueError('z') from e"
)
TRACEBACK = """\
---------------------------------------------------------------------------
ZeroDivisionError                         Traceback (most recent call last)
{frame2}
      1 try:
----> 2     1/0
      3 except ZeroDivisionError as e:

ZeroDivisionError: division by zero

The above exception was the direct cause of the following exception:

ValueError                                Traceback (most recent call last)
{frame5}
      3 except ZeroDivisionError as e:
      4     y = 3
----> 5     raise ValueError('z') from e

ValueError: z"""


@pytest.mark.parametrize(
    ("frame2", "frame5"),
    [
        pytest.param("Cell In[1], line 2", "Cell In[1], line 5", id="8.12"),
        pytest.param("Cell In [1], line 2", "Cell In [1], line 5", id="8.5"),
        pytest.param(*["Input In [1], in <cell line: 1>()"] * 2, id="8.4"),
        pytest.param(*["Input In [1], in <module>"] * 2, id="8.0"),
        pytest.param(*["/tmp/ipykernel_23/1137.py in <cell line: 1>()"] * 2, id="7.34"),
        pytest.param(*["<ipython-input-1-e015a18e46a4> in <module>"] * 2, id="7.16"),
    ],
)
def test_the_last_frame_in_the_cell_counts(frame2, frame5):
    traceback = TRACEBACK.format(frame2=frame2, frame5=frame5)

    assert line_in_cell([traceback], 1, SOURCE, "z") == 5


FUNCTION = """\
{called}
      1 x = 1
      2 y = 2
----> 3 f()

{function}
      1 def f():
----> 2     return 1 / 0

ZeroDivisionError: division by zero"""


@pytest.mark.parametrize(
    ("called", "function"),
    [
        ("Cell In[2], line 3", "Cell In[1], line 2, in f()"),
        ("Cell In [2], line 3", "Cell In [1], line 2, in f()"),
        ("Input In [2], in <cell line: 3>()", "Input In [1], in f()"),
        ("Input In [2], in <module>", "Input In [1], in f()"),
        ("/tmp/ipykernel_22/17.py in <module>", "/tmp/ipykernel_22/40.py in f()"),
        ("<ipython-input-2-f05c5532d178> in <module>", "<ipython-input-1-56bb705710e3> in f()"),
    ],
)
def test_frames_in_other_cells_do_not_count(called, function):
    traceback = FUNCTION.format(called=called, function=function)

    assert line_in_cell([traceback], 2, "x = 1\ny = 2\nf()", "division by zero") == 3


@pytest.mark.parametrize(
    ("frame", "evalue"),
    [
        ("  Cell In[1], line 3", "invalid syntax (1018379560.py, line 3)"),
        ("  Input In [1]", "invalid syntax (1018379560.py, line 3)"),
        ('  File "/tmp/ipykernel_22/10.py", line 3', "invalid syntax (10.py, line 3)"),
        ('  File "<ipython-input-1-e3>", line 3', "invalid syntax (<ipython-input-1-e3>, line 3)"),
    ],
)
def test_the_line_of_a_syntax_error_is_found(frame, evalue):
    traceback = f"{frame}\n    if True print('x')\n            ^\nSyntaxError: invalid syntax\n"

    assert line_in_cell([traceback], 1, "a = 1\nb = 2\nif True print('x')", evalue) == 3


def test_a_syntax_error_in_an_imported_module_has_no_line_in_the_cell():
    traceback = '  File ~/mod.py:3\n    if True print("x")\n'

    assert (
        line_in_cell([traceback], 1, "1\n2\nimport mod", "invalid syntax (mod.py, line 3)") is None
    )


def test_colours_do_not_hide_the_line():
    traceback = "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[1]\x1b[39m\x1b[32m, line 2\x1b[39m"

    assert line_in_cell([traceback], 1, "1\n2", "") == 2


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("\n  \n\nx = 1\n1/0", 5),
        ("!echo \\\n  words\n1/0", 3),
        ("x = 1\n1/0", 2),
    ],
)
def test_lines_that_ipython_does_not_count_are_counted(source, line):
    traceback = "Cell In[1], line 2\n      1 ...\n----> 2 1/0\n"

    assert line_in_cell([traceback], 1, source, "") == line


def test_the_line_under_time_is_found():
    traceback = "File <timed exec>:2, in <module>\n\nZeroDivisionError: division by zero"

    assert line_in_cell([traceback], 1, "%%time\nx = 1\n1/0", "division by zero") == 3


@pytest.mark.parametrize(
    "traceback",
    ["", "Error in parse(text) : no", "Cell In[1], line 77\n----> 77 x", "Cell In[9], line 1"],
)
def test_what_names_no_line_of_the_cell_gives_none(traceback):
    assert line_in_cell([traceback], 1, "x = 1", "") is None
