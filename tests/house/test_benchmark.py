"""The comparison with other tools still runs, so that it is there when somebody doubts a number."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "run.py"


def test_every_tool_is_measured(tmp_path):
    environment = {
        name: text for name, text in os.environ.items() if name != "NBCI_EXTRA_NOTEBOOKS"
    }

    done = subprocess.run(
        [
            sys.executable,
            SCRIPT,
            "--rounds=1",
            "--only=1 trivial",
            f"--json={tmp_path / 'all.json'}",
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "all.json").read_text())["seconds"]["1 trivial"]
    assert set(measured) == {
        *("nbci", "jupyter execute", "papermill", "nbmake", "nbmake -n 2", "floor", "cells")
    }
    assert done.stdout.count("\n| nbci |") == 2
