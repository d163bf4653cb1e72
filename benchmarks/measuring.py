"""Run commands and measure them: seconds, and the peak memory of all their processes."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from tools import Tool, tool_environment
from workloads import Workload, lay_out

SECONDS_BETWEEN_SAMPLES = 0.05
SECONDS_TO_WAIT = 1800
PR_SET_CHILD_SUBREAPER = 36


class ToolFailedError(Exception):
    """A tool did not pass notebooks that are known to pass: its time would mean nothing."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one tool needed for one workload; `output` is what it printed last."""

    seconds: float
    output: str


def time_tool(tool: Tool, workload: Workload) -> Measurement:
    """Run *tool* on fresh copies of *workload* and return what it needed."""
    with tempfile.TemporaryDirectory(prefix="nbci-benchmark-") as folder:
        notebooks = lay_out(workload, Path(folder))
        started = time.perf_counter()
        output = ""
        for command in tool.commands(notebooks):
            output = run(command, folder)
        return Measurement(time.perf_counter() - started, output)


def run(command: Sequence[str], folder: str) -> str:
    """Run one command, which must succeed, and return what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=tool_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_TO_WAIT,
        check=False,
    )
    if done.returncode != 0:
        raise ToolFailedError(f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def peak_memory(tool: Tool, workload: Workload) -> int:
    """Return the most bytes that all processes of *tool* held at one time.

    The proportional set size (PSS) counts a page that several processes share once in all. Orphans
    count too: they become children of this process.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    over = threading.Event()
    peak = 0

    def watch() -> None:
        nonlocal peak
        while not over.wait(SECONDS_BETWEEN_SAMPLES):
            peak = max(peak, sum(map(read_pss, psutil.Process().children(recursive=True))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        time_tool(tool, workload)
    finally:
        over.set()
        watcher.join()
    return peak


def read_pss(process: psutil.Process) -> int:
    """Return the proportional set size in bytes, 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
