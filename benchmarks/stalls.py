"""How often a notebook that computes next to nothing takes long all the same.

The notebook nests one Output widget in another. What follows the messages of a kernel through that
can miss the one that says a cell is done, and then waits for it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools import NBCI, NBMAKE_TWICE, tool_environment
from workloads import NESTED_OUTPUT, lay_out

TRIES = 100
SECONDS_OF_A_STALL = 5.0
# nbmake would wait for ever; no cell of the notebook takes a tenth of a second.
NBMAKE_LIMIT = "--nbmake-timeout=20"


def find_stalls() -> dict[str, list[float]]:
    """Return the seconds that each run of the notebook took, by tool."""
    return {NBCI.name: run_nbci(), NBMAKE_TWICE.name: run_nbmake()}


def run_nbci() -> list[float]:
    """Return the seconds of each run as nbci's JSON report tells them."""
    with tempfile.TemporaryDirectory(prefix="nbci-benchmark-") as folder:
        names = lay_out((NESTED_OUTPUT,) * TRIES, Path(folder))
        report = Path(folder, "report.json")
        run([*NBCI.commands(names)[0], "--json", str(report)], folder)
        runs: Sequence[Mapping[str, float | str]] = json.loads(report.read_text())["runs"]
        return [float(run["seconds"]) for run in runs]


def run_nbmake() -> list[float]:
    """Return the seconds of each run as nbmake's JUnit report tells them."""
    with tempfile.TemporaryDirectory(prefix="nbci-benchmark-") as folder:
        names = lay_out((NESTED_OUTPUT,) * TRIES, Path(folder))
        report = Path(folder, "report.xml")
        run([*NBMAKE_TWICE.commands(names)[0], NBMAKE_LIMIT, f"--junitxml={report}"], folder)
        # Written by our own command a moment ago.
        cases = ElementTree.parse(report).iter("testcase")
        return [float(case.get("time", "nan")) for case in cases]


def run(command: Sequence[str], folder: str) -> None:
    """Run a command whose verdict does not matter here."""
    subprocess.run(
        command, cwd=folder, env=tool_environment(), capture_output=True, check=False, text=True
    )
