"""Run notebooks with as little as can be: no kernel, no messages, no output kept.

IPython is imported once; each notebook runs in a fork of that, two at a time. Nothing that starts a
kernel can be faster, so this is what the tools are measured against. Prints the seconds spent in
cells, summed over all notebooks.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell


class Shell(InteractiveShell):
    """A shell in which `%matplotlib inline` works, as it does in a kernel."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing: there is no event loop to join."""


def run_notebook(path: str) -> float:
    """Run the cells and return the seconds they took; exit at the first that raises."""
    cells = json.loads(Path(path).read_text())["cells"]
    shell = Shell.instance()
    seconds = 0.0
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        for cell in cells:
            if cell["cell_type"] != "code":
                continue
            started = time.perf_counter()
            result = shell.run_cell("".join(cell["source"]), store_history=True)
            seconds += time.perf_counter() - started
            if not result.success and "raises-exception" not in cell["metadata"].get("tags", []):
                raise RuntimeError(path)
    return seconds


def main(paths: list[str]) -> None:
    """Run all notebooks and print the seconds spent in cells."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as kernels have it
    forked = multiprocessing.get_context("fork")
    with forked.Pool(2, maxtasksperchild=1) as pool:
        print(sum(pool.imap_unordered(run_notebook, paths)))


if __name__ == "__main__":
    main(sys.argv[1:])
