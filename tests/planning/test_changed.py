import json

import pytest
from building.notebooks import code, notebook
from building.plans import selected, skipped


def markdown(text):
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def as_json(*cells, **metadata):
    return json.dumps(notebook(*cells, **metadata), indent=1)


KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
BEFORE = as_json("import os", "x = 1\nx", markdown("# Title"), **KERNEL)


@pytest.fixture
def committed(repository):
    repository.write("a.ipynb", BEFORE)
    repository.write("other.ipynb", ["'something else'"])
    repository.commit()
    return repository


def edited(change):
    content = json.loads(BEFORE)
    change(content)
    return json.dumps(content)


def test_an_added_notebook_runs(committed, plan):
    committed.write("new.ipynb", ["1 + 1"])

    assert selected(plan()) == {"new.ipynb": ["added"]}


def test_a_changed_notebook_runs(committed, plan):
    committed.write("a.ipynb", edited(lambda n: n["cells"][1].update(source="x = 2\nx")))

    assert selected(plan()) == {"a.ipynb": ["changed"]}


def test_a_deleted_notebook_is_skipped(committed, plan):
    (committed.root / "a.ipynb").unlink()

    result = plan()

    assert selected(result) == {}
    assert skipped(result) == {"a.ipynb": ["deleted"]}


def test_a_renamed_notebook_runs_once_under_its_new_name(committed, plan):
    (committed.root / "deep").mkdir()
    (committed.root / "a.ipynb").rename(committed.root / "deep/b.ipynb")

    result = plan()

    assert selected(result) == {"deep/b.ipynb": ["renamed from `a.ipynb`"]}
    assert skipped(result) == {}


def test_a_renamed_and_edited_notebook_runs_once(committed, plan):
    (committed.root / "a.ipynb").unlink()
    committed.write("b.ipynb", BEFORE.replace("x = 1", "x = 2"))

    assert selected(plan()) == {"b.ipynb": ["renamed from `a.ipynb`"]}


def test_a_notebook_that_only_resembles_a_deleted_one_is_new(committed, plan):
    (committed.root / "a.ipynb").unlink()
    committed.write("b.ipynb", BEFORE.replace("x = 1", "y = 1").replace("import os", "pass"))

    result = plan()

    assert selected(result) == {"b.ipynb": ["added"]}
    assert skipped(result) == {"a.ipynb": ["deleted"]}


def test_a_copied_notebook_runs(committed, plan):
    committed.write("copy.ipynb", BEFORE)

    assert selected(plan()) == {"copy.ipynb": ["copied from `a.ipynb`"]}


def test_a_copy_of_a_notebook_that_changes_as_well_is_a_copy(committed, plan):
    committed.write("copy.ipynb", BEFORE)
    committed.write("a.ipynb", BEFORE.replace("x = 1", "x = 2"))

    assert selected(plan()) == {"a.ipynb": ["changed"], "copy.ipynb": ["copied from `a.ipynb`"]}


def test_a_new_file_mode_is_no_reason(committed, plan):
    (committed.root / "a.ipynb").chmod(0o755)

    result = plan()

    assert selected(result) == {}
    assert skipped(result) == {"a.ipynb": ["only its file mode changed"]}


COSMETIC = {
    "outputs": lambda n: n["cells"][1].update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": "1"}]
    ),
    "execution count": lambda n: n["cells"][1].update(execution_count=7),
    "cell ids": lambda n: n["cells"][0].update(id="new"),
    "collapsed": lambda n: n["cells"][0]["metadata"].update(collapsed=True, scrolled=True),
    "execution times": lambda n: n["cells"][0]["metadata"].update(
        ExecuteTime={"start_time": "1"}, execution={"iopub.status.busy": "2"}
    ),
    "other tags": lambda n: n["cells"][0]["metadata"].update(tags=["hide-input"]),
    "widget state": lambda n: n["metadata"].update(widgets={"state": {}}),
    "language version": lambda n: n["metadata"].update(
        language_info={"name": "python", "version": "3.13.1"}
    ),
    "display name": lambda n: n["metadata"]["kernelspec"].update(display_name="venv"),
    "minor version": lambda n: n.update(nbformat_minor=5),
    "source as one string": lambda n: n["cells"][1].update(source="x = 1\nx"),
    "an empty cell": lambda n: n["cells"].append(code(" \n")),
    "signature": lambda n: n["metadata"].update(signature="sha256:1"),
}


@pytest.mark.parametrize("change", COSMETIC.values(), ids=COSMETIC.keys())
def test_outputs_and_metadata_are_no_reason(committed, plan, change):
    committed.write("a.ipynb", edited(change))

    result = plan()

    assert selected(result) == {}
    assert skipped(result) == {"a.ipynb": ["only outputs or metadata changed"]}


TEXT = {
    "edited": lambda n: n["cells"][2].update(source="# Other"),
    "added": lambda n: n["cells"].insert(0, markdown("Hello")),
    "removed": lambda n: n["cells"].pop(),
    "raw": lambda n: n["cells"].append({"cell_type": "raw", "metadata": {}, "source": "---"}),
}


@pytest.mark.parametrize("change", TEXT.values(), ids=TEXT.keys())
def test_text_is_no_reason(committed, plan, change):
    committed.write("a.ipynb", edited(change))

    result = plan()

    assert selected(result) == {}
    assert skipped(result) == {"a.ipynb": ["only text cells changed"]}


MEANINGFUL = {
    "a tag": lambda n: n["cells"][0]["metadata"].update(tags=["skip-execution"]),
    "parameters": lambda n: n["cells"][0]["metadata"].update(tags=["parameters"]),
    "the kernel": lambda n: n["metadata"]["kernelspec"].update(name="ir"),
    "the language": lambda n: n["metadata"]["kernelspec"].update(language="R"),
    "the order": lambda n: n["cells"].insert(0, n["cells"].pop(1)),
    "a comment": lambda n: n["cells"][0].update(source="import os  # why"),
    "code to text": lambda n: n["cells"][0].update(cell_type="markdown"),
    "the major version": lambda n: n.update(nbformat=3),
}


@pytest.mark.parametrize("change", MEANINGFUL.values(), ids=MEANINGFUL.keys())
def test_whatever_can_change_the_execution_is_a_reason(committed, plan, change):
    committed.write("a.ipynb", edited(change))

    assert selected(plan()) == {"a.ipynb": ["changed"]}


BROKEN = {
    "not JSON": b"{",
    "empty": b"",
    "a list": b"[]",
    "no cells": b'{"nbformat": 4}',
    "cells of a wrong type": b'{"nbformat": 4, "cells": [1, null]}',
    "metadata of a wrong type": b'{"nbformat": 4, "cells": [], "metadata": 7}',
    "odd cells": b'{"nbformat":4,"cells":[{"cell_type":["x"],"source":{},"metadata":{"tags":7}}]}',
    "deep": b"[" * 100_000,
    "lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("is_new", [True, False])
def test_what_is_no_notebook_is_left_to_the_runner(committed, plan, content, is_new):
    name = "new.ipynb" if is_new else "a.ipynb"
    committed.write(name, content)
    committed.write("module.py", "")

    assert selected(plan()) == {name: ["added" if is_new else "changed"]}


def test_a_byte_order_mark_is_no_change_of_meaning(committed, plan):
    committed.write("a.ipynb", b"\xef\xbb\xbf" + BEFORE.encode())

    assert skipped(plan()) == {"a.ipynb": ["only outputs or metadata changed"]}


def test_a_symlink_is_left_to_the_runner_and_not_read(committed, plan, tmp_path):
    (tmp_path / "outside.ipynb").write_text(as_json("import module"))
    (committed.root / "link.ipynb").symlink_to(tmp_path / "outside.ipynb")
    committed.write("module.py", "")

    assert selected(plan()) == {"link.ipynb": ["added"]}


def test_checkpoints_are_no_notebooks(committed, plan):
    committed.write(".ipynb_checkpoints/a-checkpoint.ipynb", ["1"])

    assert selected(plan()) == {}


def test_nothing_changed_means_nothing_to_do(committed, plan):
    result = plan()

    assert selected(result) == {}
    assert skipped(result) == {}


def test_a_notebook_that_is_not_checked_out_is_said(committed, plan):
    committed.write("far/b.ipynb", ["1"])
    committed.commit()
    committed.git("sparse-checkout", "set", "--no-cone", "/*.ipynb")

    assert skipped(plan(base="HEAD~1")) == {"far/b.ipynb": ["not checked out"]}
