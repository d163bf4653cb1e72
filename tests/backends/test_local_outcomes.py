"""Each way a notebook can end, seen from the outside."""

import json

import nbformat
import pytest
from building.notebooks import code, notebook, text_of

from bot.model import Outcome


def test_a_notebook_whose_cells_run_has_passed(machine):
    result, executed = machine.run("x = 20", "x + 22")

    assert result.outcome is Outcome.PASSED
    assert (result.cells_done, result.cells_total) == (2, 2)
    assert text_of(executed["cells"][1]) == "42"
    nbformat.validate(executed)


def test_the_failing_cell_is_named_with_its_line_in_the_file(machine):
    markdown = {"cell_type": "markdown", "metadata": {}, "source": "# Title"}

    result, executed = machine.run(markdown, "a = 1", "b = 0\n\nprint('now')\na / b", "never = 1")

    assert result.outcome is Outcome.FAILED
    assert result.failing_cell.number == 3
    assert (result.failing_cell.ename, result.failing_cell.evalue) == (
        "ZeroDivisionError",
        "division by zero",
    )
    assert result.failing_cell.cell_line == 4
    lines = (machine.root / "notebook.ipynb").read_text().splitlines()
    assert lines[result.failing_cell.line - 1].strip() == '"a / b"'
    assert result.message == "cell 3 raised ZeroDivisionError: division by zero"
    assert (result.cells_done, result.cells_total) == (1, 3)
    assert text_of(executed["cells"][2]) == "now\n"
    assert executed["cells"][3]["outputs"] == []


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
        ("import os; os._exit(3)", "it ended with exit status 3"),
    ],
)
def test_a_kernel_that_dies_is_named_with_its_cell(machine, source, how):
    result, executed = machine.run("print('before', flush=True)", source, "print('after')")

    assert result.outcome is Outcome.DIED
    assert result.message.startswith("in cell 2: the kernel died: ")
    assert how in result.message
    assert result.failing_cell.number == 2
    assert text_of(executed["cells"][0]) == "before\n"


def test_exit_in_the_last_cell_is_no_failure(machine):
    result, _ = machine.run("x = 1", "exit()")

    assert result.outcome is Outcome.PASSED


def test_exit_before_the_last_cell_does_not_pass(machine):
    result, _ = machine.run("exit()", "x = 1")

    assert result.outcome is Outcome.DIED
    assert result.message == "in cell 1: the cell told the kernel to exit"


@pytest.mark.parametrize(
    ("source", "cell_line"),
    [
        ("x = 1\n%run broken.py", None),
        ("%%capture out\n1 / 0", None),
        ("%%time\nx = 1\n1 / 0", 3),
    ],
)
def test_an_error_that_a_magic_only_shows_is_a_failure(machine, source, cell_line):
    machine.write("broken.py", b"1 / 0\n")

    result, _ = machine.run("import os", source, "never = 1")

    assert result.outcome is Outcome.FAILED
    assert (result.failing_cell.number, result.failing_cell.ename) == (2, "ZeroDivisionError")
    assert result.failing_cell.cell_line == cell_line


def test_an_error_that_a_cell_shows_by_itself_is_no_failure(machine):
    result, _ = machine.run(
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    get_ipython().showtraceback()"
    )

    assert result.outcome is Outcome.PASSED


def test_a_result_that_cannot_be_shown_fails_and_its_traceback_says_why(machine):
    result, _ = machine.run(
        "class Shy:\n    def _repr_html_(self):\n        raise ValueError('not me')\nShy()"
    )

    assert result.outcome is Outcome.FAILED
    assert any("not me" in line for line in result.failing_cell.traceback)


@pytest.mark.parametrize("source", ["raise SystemExit(0)", "import sys; sys.exit()"])
def test_leaving_a_cell_by_system_exit_is_a_failure(machine, source):
    result, _ = machine.run(source, "x = 1")

    assert result.outcome is Outcome.FAILED
    assert result.failing_cell.ename == "SystemExit"


def test_a_cell_over_its_limit_is_interrupted_and_says_where_it_was(machine):
    result, executed = machine.run(
        "import time\n\nwhile True:\n    time.sleep(0.01)", cell_timeout=1
    )

    assert result.outcome is Outcome.TIMED_OUT
    assert result.message == "in cell 1: the cell ran longer than 1 s"
    assert result.failing_cell.cell_line in (3, 4)
    assert executed["cells"][0]["outputs"][-1]["ename"] == "KeyboardInterrupt"


def test_a_cell_that_ignores_interrupts_is_stopped_all_the_same(machine):
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"

    result, _ = machine.run(stubborn, cell_timeout=1)

    assert result.outcome is Outcome.TIMED_OUT
    assert result.failing_cell.number == 1


def test_a_notebook_over_its_limit_names_the_cell_it_was_in(machine):
    result, _ = machine.run("x = 1", "import time; time.sleep(60)", timeout=2.0)

    assert result.outcome is Outcome.TIMED_OUT
    assert result.message == "in cell 2: the notebook ran longer than 2 s"


def test_memory_over_the_limit_is_told_from_other_deaths(machine):
    hungry = "kept = []\nwhile True:\n    kept.append(bytearray(20_000_000))"

    result, _ = machine.run(hungry, memory_limit=400_000_000)

    assert result.outcome is Outcome.DIED
    assert result.message == "in cell 1: out of memory: it used more than 0.4 GB"


def test_memory_of_child_processes_counts(machine):
    hungry = (
        "import subprocess, sys\n"
        "eater = 'x = bytearray(600_000_000); import time; time.sleep(60)'\n"
        "subprocess.run([sys.executable, '-c', eater])"
    )

    result, _ = machine.run(hungry, memory_limit=500_000_000)

    assert result.outcome is Outcome.DIED
    assert "out of memory" in result.message


def test_a_cell_that_prints_without_end_is_kept_short(machine):
    flood = "line = 'x' * 99\nfor i in range(1_000_000):\n    print(line)"

    result, executed = machine.run(flood, "print('still here')")

    assert result.outcome is Outcome.PASSED
    assert len(json.dumps(executed["cells"][0])) < 11_000_000
    assert "[nbci: truncated, 90.0 MB more were not kept]" in text_of(executed["cells"][0])
    assert text_of(executed["cells"][1]) == "still here\n"
    nbformat.validate(executed)


def test_an_output_too_large_to_keep_is_marked(machine):
    result, executed = machine.run("from IPython.display import HTML\nHTML('y' * 30_000_000)")

    assert result.outcome is Outcome.PASSED
    assert "truncated, 30.0 MB" in text_of(executed["cells"][0])
    nbformat.validate(executed)


def test_asking_for_input_fails_at_once(machine):
    result, _ = machine.run("input('name? ')")

    assert result.outcome is Outcome.FAILED
    assert result.failing_cell.ename == "StdinNotImplementedError"


def test_tags_decide_what_runs_and_what_may_raise(machine):
    result, executed = machine.run(
        code("1 / 0", "raises-exception"),
        code("1 / 0", "skip-execution"),
        code("1 / 0", "nbci-skip"),
        "   \n",
        "# only a comment",
        "print('end')",
    )

    assert result.outcome is Outcome.PASSED
    assert result.cells_total == 3
    assert executed["cells"][0]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert executed["cells"][1]["outputs"] == []
    assert text_of(executed["cells"][5]) == "end\n"


def test_nothing_of_the_source_is_changed(machine):
    content = notebook(
        "%%time\nx = 1", "!echo hi", "", "# comment", "from __future__ import annotations"
    )
    content["cells"][0]["source"] = "one = 'string'\nas = 'source'".replace("as", "as_")
    before = machine.write("kept.ipynb", content).read_bytes()

    result = machine.result(machine.submit("kept.ipynb"))

    executed = machine.executed(result)
    assert (machine.root / "kept.ipynb").read_bytes() == before
    assert [c["source"] for c in executed["cells"]] == [c["source"] for c in content["cells"]]


def test_outputs_of_the_past_are_not_published_again(machine):
    stale = code("1 / 0")
    secret = code("x = 1")
    secret["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "token-of-the-past"}]

    result, executed = machine.run(stale, secret)

    assert result.outcome is Outcome.FAILED
    assert "token-of-the-past" not in json.dumps(executed)


def test_progress_bars_leave_their_last_state(machine):
    result, executed = machine.run(
        "import sys\nfor i in range(5):\n    sys.stdout.write(f'\\r{i * 25} %')\nprint()"
    )

    assert result.outcome is Outcome.PASSED
    assert text_of(executed["cells"][0]) == "100 %\n"


def test_displays_are_updated_and_cleared_as_in_a_notebook(machine):
    _, executed = machine.run(
        "from IPython.display import display, clear_output\n"
        "handle = display('first', display_id=True)",
        "handle.update('second')",
        "print('gone')\nclear_output()\nprint('kept')",
        "print('gone too')\nclear_output(wait=True)\nprint('kept too')",
    )

    assert text_of(executed["cells"][0]) == "'second'"
    assert text_of(executed["cells"][2]) == "kept\n"
    assert text_of(executed["cells"][3]) == "kept too\n"


def test_output_widgets_catch_what_is_printed_and_raised_in_them(machine):
    result, executed = machine.run(
        "import ipywidgets\nout = ipywidgets.Output()\nout",
        "with out:\n    print('caught')\n    raise ValueError('caught too')",
        "assert out.outputs[0]['text'] == 'caught\\n', out.outputs\nprint(len(out.outputs))",
        "inner = ipywidgets.Output()\n"
        "with out:\n    with inner:\n        print('deep')\nprint('top')",
        "print(inner.outputs[0]['text'])",
    )

    assert result.outcome is Outcome.PASSED
    assert text_of(executed["cells"][1]) == ""
    assert text_of(executed["cells"][2]) == "2\n"
    assert text_of(executed["cells"][3]) == "top\n"
    assert text_of(executed["cells"][4]) == "deep\n\n"
    state = executed["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert any(model["model_name"] == "OutputModel" for model in state.values())
    nbformat.validate(executed)


def test_what_a_thread_prints_later_stays_with_its_cell(machine):
    _, executed = machine.run(
        "import threading\ngo = threading.Event()\n"
        "def late():\n    go.wait()\n    print('late')\n"
        "thread = threading.Thread(target=late)\nthread.start()",
        "go.set()\nthread.join()\nprint('on time')",
    )

    texts = [text_of(cell) for cell in executed["cells"]]
    assert "".join(texts).count("late") == 1
    assert "on time\n" in texts[1]


def test_what_a_notebook_leaves_unflushed_reaches_its_file(machine):
    result, _ = machine.run("file = open('unflushed.txt', 'w')\nfile.write('data')")

    assert result.outcome is Outcome.PASSED
    assert (machine.root / "unflushed.txt").read_text() == "data"


def test_a_file_that_a_failed_notebook_left_open_is_flushed_too(machine):
    machine.run("file = open('log.txt', 'w')\nfile.write('so far')", "1 / 0")

    assert (machine.root / "log.txt").read_text() == "so far"
