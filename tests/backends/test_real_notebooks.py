"""Whole notebooks as people write them: our own, and those of the folder NBCI_EXTRA_NOTEBOOKS.

That folder has a `manifest.json`: a list of objects with `file`, `expect` (pass, fail,
no_such_kernel) and for a fail `failing_cell_index`, counted from 0.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

from bot.model import Outcome

OWN = sorted((Path(__file__).parents[2] / "benchmarks" / "notebooks").glob("*.ipynb"))
OUTCOMES = {"pass": "passed", "fail": "failed", "no_such_kernel": "rejected"}
# Python 3.12 adds floats up more exactly, and this notebook compares with a plain sum.
FAILS_FROM_3_12 = {"norvig-pytudes__ipynb__BASIC.ipynb"}


def cases():
    expected = [(path, {"expect": "pass"}) for path in OWN]
    if folder := os.environ.get("NBCI_EXTRA_NOTEBOOKS"):
        manifest = json.loads((Path(folder) / "manifest.json").read_text())
        expected += [(Path(folder) / entry["file"], entry) for entry in manifest]
    return [pytest.param(*case, id=case[0].stem) for case in expected]


def sources(path):
    return [cell["source"] for cell in json.loads(path.read_text())["cells"]]


@pytest.mark.parametrize(("path", "expected"), cases())
def test_a_real_notebook_ends_as_expected(machine, path, expected):
    if path.name in FAILS_FROM_3_12 and sys.version_info < (3, 12):
        expected = {"expect": "pass"}
    copy = machine.root / path.name
    shutil.copy(path, copy)

    result = machine.result(machine.submit(path.name))

    assert result.outcome == OUTCOMES[expected["expect"]], result.message
    assert copy.read_bytes() == path.read_bytes()
    if result.outcome is Outcome.FAILED:
        assert result.failing_cell.number == expected["failing_cell_index"] + 1
        assert result.failing_cell.ename == expected["ename"]
    if result.outcome is not Outcome.REJECTED:
        executed = machine.report / result.executed_notebook
        nbformat.validate(json.loads(executed.read_text()))
        assert sources(executed) == sources(path)
