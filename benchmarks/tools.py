"""The tools that are compared, as the commands a person would type in the folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
PYTEST = [
    *(str(BIN / "pytest"), "--quiet", "--nbmake", "-p", "nbmake.pytest_plugin"),
    *("-p", "xdist.plugin", "-p", "no:cacheprovider"),
]


@dataclass(frozen=True, slots=True)
class Tool:
    """A way to run notebooks: the commands for a list of them, and how many run at a time."""

    name: str
    commands: Callable[[Sequence[str]], list[list[str]]]
    jobs: int = 1


def run_with_papermill(notebooks: Sequence[str]) -> list[list[str]]:
    """Return a command for each notebook, for papermill takes one at a time."""
    quiet = ["--no-progress-bar", "--log-level", "ERROR"]
    return [[str(BIN / "papermill"), *quiet, name, f"out-{name}"] for name in notebooks]


NBCI = Tool(
    "nbci", lambda notebooks: [[str(BIN / "nbci"), "run", "--jobs", "2", *notebooks]], jobs=2
)
NBMAKE_TWICE = Tool("nbmake -n 2", lambda notebooks: [[*PYTEST, "-n", "2", *notebooks]], jobs=2)
FLOOR = Tool(
    "floor",
    lambda notebooks: [[sys.executable, str(Path(__file__).with_name("floor.py")), *notebooks]],
    jobs=2,
)
TOOLS = (
    NBCI,
    Tool("jupyter execute", lambda notebooks: [[str(BIN / "jupyter"), "execute", *notebooks]]),
    Tool("papermill", run_with_papermill),
    Tool("nbmake", lambda notebooks: [[*PYTEST, *notebooks]]),
    NBMAKE_TWICE,
    FLOOR,
)


def tool_environment() -> Mapping[str, str]:
    """Return the environment all tools get: this virtual environment, active and as usual.

    pytest gets no plugin but those of nbmake, whose time would otherwise suffer from what nbci's
    own tests need.
    """
    environment = {
        name: text
        for name, text in os.environ.items()
        if name not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONDEVMODE", "CONDA_PREFIX"}
        and not name.startswith("NBCI_")
    }
    return environment | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "VIRTUAL_ENV": sys.prefix,
    }
