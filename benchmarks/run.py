"""Compare nbci with papermill, nbmake and `jupyter execute`, and print the result as Markdown.

Every tool runs fresh copies of the same notebooks, one tool after another, in several rounds;
medians are shown, since machines are noisy. With NBCI_EXTRA_NOTEBOOKS the notebooks of that folder
that every tool can pass are part of the largest workload.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from measuring import peak_memory, time_tool
from stalls import find_stalls
from tables import describe_machine, memory_table, overhead_table, seconds_table, stalls_table
from tools import FLOOR, NBCI, TOOLS, Tool
from workloads import find_workloads

WORKLOADS = find_workloads()
PARTS = [*WORKLOADS, "memory", "stalls"]


def measure_seconds(
    names: list[str], rounds: int, tools: Sequence[Tool]
) -> dict[str, dict[str, list[float]]]:
    """Return the seconds by workload and tool, one for each round, and those spent in cells."""
    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for tool in tools:
        time_tool(tool, WORKLOADS["1 trivial"])  # so that none of them starts from a cold disk
    for number in range(rounds):
        first = number % len(tools)
        for name in names:
            for tool in [*tools[first:], *tools[:first]]:
                measured = time_tool(tool, WORKLOADS[name])
                say(f"round {number + 1}, {name}: {tool.name} {measured.seconds:.2f} s")
                seconds[name][tool.name].append(measured.seconds)
                if tool is FLOOR:
                    seconds[name]["cells"].append(float(measured.output))
    return seconds


def measure_memory(tools: Sequence[Tool]) -> dict[str, dict[str, int]]:
    """Return the peak memory in bytes by workload and tool."""
    memory: dict[str, dict[str, int]] = defaultdict(dict)
    for name in ("1 trivial", "10 real", "40 real"):
        for tool in tools:
            if tool is not FLOOR:
                memory[name][tool.name] = peak_memory(tool, WORKLOADS[name])
                say(f"memory, {name}: {tool.name} {memory[name][tool.name] / 1e6:.0f} MB")
    return memory


def say(line: str) -> None:
    """Show progress where it does not mix with the tables."""
    print(line, file=sys.stderr, flush=True)


def parse_arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each tool runs everything")
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="measure this part; may be repeated"
    )
    parser.add_argument(
        "--tool",
        action="append",
        choices=[tool.name for tool in TOOLS],
        help="compare with this tool only; may be repeated",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements to FILE")
    return parser.parse_args()


def main() -> None:
    """Measure what was asked for, and print a table as soon as its numbers are there."""
    arguments = parse_arguments()
    parts = arguments.only or PARTS
    others = arguments.tool or [tool.name for tool in TOOLS]
    tools = [tool for tool in TOOLS if tool.name in others or tool in (NBCI, FLOOR)]
    measured: dict[str, object] = {}
    print(describe_machine(arguments.rounds))

    if names := [name for name in WORKLOADS if name in parts]:
        measured["seconds"] = seconds = measure_seconds(names, arguments.rounds, tools)
        print(f"\n{seconds_table(seconds)}\n\n{overhead_table(seconds)}", flush=True)
    if "memory" in parts:
        measured["memory"] = memory = measure_memory(tools)
        print(f"\n{memory_table(memory)}", flush=True)
    if "stalls" in parts:
        measured["stalls"] = stalls = find_stalls()
        print(f"\n{stalls_table(stalls)}", flush=True)

    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
