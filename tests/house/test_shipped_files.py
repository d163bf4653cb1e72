"""Files that run in the user's environment must find there all that they import."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ["bot/notebooks/runner.py", "bot/backends/local/fork_server.py"]
# Every environment that can run a notebook has these: ipykernel itself depends on them.
JUPYTER = {"ipykernel", "IPython", "jupyter_client", "jupyter_core", "tornado", "traitlets", "zmq"}


def parse(path):
    """Return the tree of a file read as the oldest Python that a compute may have."""
    return ast.parse((ROOT / path).read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("path", SHIPPED)
def test_shipped_file_imports_the_standard_library_and_jupyter_only(path):
    imports = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            imports |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imports.add((node.module or "").partition(".")[0])

    assert imports - sys.stdlib_module_names - JUPYTER == set()
