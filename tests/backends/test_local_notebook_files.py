"""Files that are no notebooks, odd ones, and odd names."""

import json

import nbformat
import pytest
from building.notebooks import code, notebook, text_of

from bot.model import Outcome

V3 = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "invalid notebook: not JSON: Expecting value, line 1"),
        (b'{"cells": [\n  }', "invalid notebook: not JSON: Expecting value, line 2"),
        (b"\xff\xfe\x00", "invalid notebook: not UTF-8, line 1"),
        (b"[]", "invalid notebook: no `nbformat` at the top: is this a notebook at all?"),
        (b"[" * 200_000, "invalid notebook: its JSON is nested too deeply"),
        (
            json.dumps(V3).encode(),
            "invalid notebook: nbformat 3 is too old to run as it is; upgrade it with"
            " `jupyter nbconvert --to notebook --nbformat 4 --inplace`",
        ),
        (b'{"nbformat": 5, "cells": []}', "invalid notebook: nbformat 5, expected 4"),
        (b'{"nbformat": "4", "cells": []}', 'invalid notebook: nbformat "4", expected 4'),
        (b'{"nbformat": 4}', "invalid notebook: `cells` must be a list"),
        (b'{"nbformat": 4, "cells": {}}', "invalid notebook: `cells` must be a list"),
        (
            b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 7}]}',
            "invalid notebook: cell 1: `source` must be text or a list of texts",
        ),
        (
            b'{"nbformat": 4, "cells": [{"cell_type": "heading", "source": ""}]}',
            'invalid notebook: cell 1: `cell_type` must be code, markdown or raw, got "heading"',
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n",
            "this is a Git LFS pointer, not the notebook: fetch it with `git lfs pull`",
        ),
    ],
)
def test_what_is_no_notebook_is_rejected_with_the_reason(machine, content, message):
    machine.write("broken.ipynb", content)

    result = machine.result(machine.submit("broken.ipynb"))

    assert (result.outcome, result.message) == (Outcome.REJECTED, message)


def test_one_bad_notebook_does_not_stop_the_others(machine):
    machine.write("bad.ipynb", b"{")
    machine.write("good.ipynb", notebook("1 + 1"))
    machine.write("dying.ipynb", notebook("import os; os.abort()"))
    runs = [machine.submit(name) for name in ("bad.ipynb", "dying.ipynb", "good.ipynb", "no.ipynb")]

    outcomes = [machine.result(run).outcome for run in runs]

    assert outcomes == [Outcome.REJECTED, Outcome.DIED, Outcome.PASSED, Outcome.REJECTED]


def test_a_notebook_with_a_byte_order_mark_runs(machine):
    machine.write("bom.ipynb", b"\xef\xbb\xbf" + json.dumps(notebook("1 + 1")).encode())

    assert machine.result(machine.submit("bom.ipynb")).outcome is Outcome.PASSED


def test_missing_and_repeated_cell_ids_are_mended_in_the_executed_notebook(machine):
    content = notebook("1", "2", "3")
    content["nbformat_minor"] = 5
    content["cells"][0]["id"] = content["cells"][1]["id"] = "same"
    machine.write("ids.ipynb", content)

    result = machine.result(machine.submit("ids.ipynb"))

    executed = machine.executed(result)
    assert result.outcome is Outcome.PASSED
    assert len({cell["id"] for cell in executed["cells"]}) == 3
    nbformat.validate(executed)


def test_what_the_schema_forbids_is_left_out_of_the_executed_notebook(machine):
    content = notebook("1 + 1", kernelspec={"display_name": 3}, title=["no"], signature="x")
    content["cells"][0]["metadata"] = {"collapsed": "yes", "tags": ["a", "a"], "mine": 1}
    content["cells"][0]["prompt_number"] = 3
    content["cells"].append({"cell_type": "markdown", "source": "hi", "outputs": []})
    machine.write("odd.ipynb", content)

    result = machine.result(machine.submit("odd.ipynb"))

    executed = machine.executed(result)
    assert result.outcome is Outcome.PASSED
    assert executed["cells"][0]["metadata"] == {"mine": 1}
    nbformat.validate(executed)


def test_a_notebook_without_cells_has_passed(machine):
    result, executed = machine.run()

    assert result.outcome is Outcome.PASSED
    nbformat.validate(executed)


HOSTILE_NAMES = [
    "with space.ipynb",
    "quote'\".ipynb",
    "new\nline.ipynb",
    "-rf.ipynb",
    "$(touch owned).ipynb",
    ";touch owned;.ipynb",
    "\u202egnp.ipynb",
    "caf\udce9.ipynb",
    "é" * 120 + ".ipynb",
    "a" * 249 + ".ipynb",
    "%s%n{}.ipynb",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_file_name_is_data(machine, name):
    machine.write(name, notebook("from pathlib import Path\nlen(list(Path().iterdir()))"))

    result = machine.result(machine.submit(name))

    assert result.outcome is Outcome.PASSED
    assert (machine.report / result.executed_notebook).is_file()
    assert len(list(machine.root.iterdir())) == 1


def test_notebooks_of_the_same_name_do_not_collide(machine):
    names = ["a/report.ipynb", "b/report.ipynb", "b/c/report.ipynb", "REPORT.ipynb", "report.ipynb"]
    for name in names:
        machine.write(name, notebook(f"print({name!r})"))
    runs = [machine.submit(name) for name in names]

    executed = [machine.executed(machine.result(run)) for run in runs]

    assert [text_of(item["cells"][0]).strip() for item in executed] == names


def test_a_notebook_runs_in_its_own_folder(machine):
    (machine.root / "data").mkdir()
    (machine.root / "data" / "beside.py").write_text("value = 7")
    (machine.root / "data" / "table.csv").write_text("1,2")
    machine.write(
        "data/n.ipynb", notebook("import beside\nprint(beside.value, open('table.csv').read())")
    )

    result = machine.result(machine.submit("data/n.ipynb"))

    assert text_of(machine.executed(result)["cells"][0]) == "7 1,2\n"


def test_symbolic_links_are_rejected(machine, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ipynb").write_text(json.dumps(notebook("1")))
    (machine.root / "link.ipynb").symlink_to(outside / "secret.ipynb")
    (machine.root / "folder").symlink_to(outside)
    (machine.root / "self.ipynb").symlink_to("self.ipynb")
    names = ["link.ipynb", "folder/secret.ipynb", "self.ipynb", "../outside/secret.ipynb"]

    results = [machine.result(machine.submit(name)) for name in names]

    assert {result.outcome for result in results} == {Outcome.REJECTED}
    assert results[1].message == ("symlink: folder is a symbolic link; only real files are run")


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ([], [None, 1]),
        ([code("n = 1\nname = 'x'", "parameters")], [1, None, 2]),
        ([code("n = 5", "injected-parameters")], [None, 2]),
    ],
)
def test_parameters_go_where_papermill_puts_them(machine, first, expected):
    machine.write("p.ipynb", notebook(*first, "print(n, name, flags)"))
    parameters = {"n": 3, "name": 'it\'s "quoted"\n', "flags": {"a": [True, None, 1.5]}}

    result = machine.result(machine.submit("p.ipynb", parameters=parameters))

    executed = machine.executed(result)
    assert result.outcome is Outcome.PASSED
    assert text_of(executed["cells"][-1]) == "3 it's \"quoted\"\n {'a': [True, None, 1.5]}\n"
    injected = [cell["metadata"].get("tags") for cell in executed["cells"]].index(
        ["injected-parameters"]
    )
    assert injected == expected.index(None)
    nbformat.validate(executed)


def test_a_failure_after_injected_parameters_keeps_the_cells_number_in_the_source(machine):
    machine.write("p.ipynb", notebook(code("n = 1", "parameters"), "x = 1", "assert n == 1, n"))

    result = machine.result(machine.submit("p.ipynb", parameters={"n": 2}))

    assert result.failing_cell.number == 3
    assert result.failing_cell.evalue == "2"
    assert result.cells_total == 3
