"""What the benchmark runs: folders of notebooks, made anew for each measurement."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

OWN = sorted((Path(__file__).parent / "notebooks").glob("*.ipynb"))
NESTED_OUTPUT = Path(__file__).parent / "nested-output-widget.ipynb"

JUDGED_DIFFERENTLY = {
    # papermill fails a cell that raises as its `raises-exception` tag says,
    "jupyter-nbclient__Skip_Exceptions_with_Cell_Tags.ipynb",
    # and nbmake a cell whose last value cannot be drawn.
    "treebeardtech-nbmake__magic_error.ipynb",
}

Workload = tuple[Path | None, ...]
"""Notebooks to be copied; None stands for the trivial one."""


def find_extra() -> list[Path]:
    """Return the notebooks of NBCI_EXTRA_NOTEBOOKS that every tool passes.

    papermill takes no notebook without a kernel spec.
    """
    folder = os.environ.get("NBCI_EXTRA_NOTEBOOKS")
    if not folder:
        return []
    entries = json.loads((Path(folder) / "manifest.json").read_text())
    return [
        Path(folder, entry["file"])
        for entry in entries
        if entry["expect"] == "pass"
        and entry.get("kernel") == "python3"
        and entry["file"] not in JUDGED_DIFFERENTLY
    ]


def find_workloads() -> Mapping[str, Workload]:
    """Return the notebooks of each workload by its name."""
    return {
        "1 trivial": (None,),
        "20 trivial": (None,) * 20,
        "10 real": tuple(OWN[:10]),
        "40 real": tuple(itertools.islice(itertools.cycle([*OWN, *find_extra()]), 40)),
    }


def lay_out(workload: Workload, folder: Path) -> list[str]:
    """Copy a workload into an empty folder and return the names of the notebooks there."""
    names = []
    for number, source in enumerate(workload, 1):
        name = f"{number:02d}-{source.name if source else 'trivial.ipynb'}"
        names.append(name)
        if source:
            shutil.copyfile(source, folder / name)
        else:
            (folder / name).write_text(json.dumps(TRIVIAL))
    return names


TRIVIAL = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "only",
            "metadata": {},
            "outputs": [],
            "source": ["print('hello')"],
        }
    ],
    "metadata": {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}
