"""The measurements as Markdown tables."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from stalls import SECONDS_OF_A_STALL
from tools import NBCI, TOOLS, Tool
from workloads import find_workloads

Seconds = Mapping[str, Mapping[str, Sequence[float]]]
"""The seconds of each round, by workload and by tool; `cells` are those spent in cells."""


def describe_machine(rounds: int) -> str:
    """Return one line that says where and with what was measured."""
    packages = ["ipykernel", "nbclient", "papermill", "nbmake", "numpy", "pandas", "matplotlib"]
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"{versions}; medians of {rounds} interleaved rounds."
    )


def seconds_table(seconds: Seconds) -> str:
    """Return the wall seconds of each tool, and in brackets nbci's as a share of them."""
    rows = []
    for tool in _measured(seconds):
        cells = [tool.name]
        for workload in seconds:
            own = statistics.median(seconds[workload][tool.name])
            share = statistics.median(seconds[workload][NBCI.name]) / own
            cells.append(f"{own:.2f}" if tool is NBCI else f"{own:.2f} ({share:.2f})")
        rows.append(cells)
    return table(["wall seconds (nbci as a share)", *seconds], rows)


def overhead_table(seconds: Seconds) -> str:
    """Return what each tool adds for each notebook to the time that the cells themselves take."""
    sizes = {name: len(workload) for name, workload in find_workloads().items()}
    rows = []
    for tool in _measured(seconds):
        cells = [tool.name]
        for workload in seconds:
            inside = statistics.median(seconds[workload]["cells"]) / min(tool.jobs, sizes[workload])
            wall = statistics.median(seconds[workload][tool.name])
            cells.append(f"{(wall - inside) / sizes[workload]:.3f}")
        rows.append(cells)
    return table(["seconds beyond the cells, per notebook", *seconds], rows)


def memory_table(memory: Mapping[str, Mapping[str, int]]) -> str:
    """Return the peak memory of each tool in megabytes."""
    rows = [
        [tool.name, *(f"{by_tool[tool.name] / 1e6:.0f}" for by_tool in memory.values())]
        for tool in _measured(memory)
    ]
    return table(["peak PSS in MB", *memory], rows)


def _measured(by_workload: Mapping[str, Mapping[str, object]]) -> list[Tool]:
    """Return the tools that were measured."""
    return [tool for tool in TOOLS if all(tool.name in found for found in by_workload.values())]


def stalls_table(stalls: Mapping[str, Sequence[float]]) -> str:
    """Return how many runs of a notebook that computes nothing took long."""
    rows = [
        [
            name,
            str(len(runs)),
            str(sum(seconds > SECONDS_OF_A_STALL for seconds in runs)),
            f"{max(runs):.2f}",
        ]
        for name, runs in stalls.items()
    ]
    return table(
        ["nested Output widgets", "runs", f"over {SECONDS_OF_A_STALL:.0f} s", "longest, s"], rows
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose numbers are set to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])
