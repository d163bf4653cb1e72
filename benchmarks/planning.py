"""How long `nbci plan` takes in made-up repositories of growing size, as a Markdown table.

Cold is without anything remembered from an earlier plan, warm is the plan after it. The files were
written just before, so the disk plays no part in either.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tables import table

MODULES_PER_NOTEBOOK = 4
MODULES_PER_PACKAGE = 50
NOTEBOOKS_PER_FOLDER = 20
CHANGED_MODULES = 5


def main() -> None:
    """Plan in repositories of the sizes asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--keep", type=Path, help="make the repositories here, and leave them")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="nbci-planning-") as scratch:
        for size in arguments.sizes:
            repository = (arguments.keep or Path(scratch)) / str(size)
            make_repository(repository, size)
            rows.append([str(size), str(size * MODULES_PER_NOTEBOOK), *measure(repository)])
    print(table(["notebooks", "modules", "affected", "cold, s", "warm, s"], rows))


def measure(repository: Path) -> list[str]:
    """Return how many notebooks are affected, and the seconds of the first and the second plan."""
    with tempfile.TemporaryDirectory(prefix="nbci-cache-") as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        seconds = []
        for _ in ("cold", "warm"):
            started = time.perf_counter()
            planned = subprocess.run(
                [sys.executable, "-P", "-m", "bot", "plan", "--json"],
                cwd=repository,
                env=environment,
                check=True,
                capture_output=True,
            )
            seconds.append(f"{time.perf_counter() - started:.2f}")
    return [str(len(json.loads(planned.stdout)["selected"])), *seconds]


def make_repository(folder: Path, notebooks: int) -> None:
    """Write and commit a repository, then change a few of its modules and one notebook."""
    chance = random.Random(notebooks)
    modules = notebooks * MODULES_PER_NOTEBOOK
    write(folder / ".github/nbci.yml", f"max_notebooks: {notebooks}\n")
    for number in range(modules):
        write(folder / "src" / module_path(number), module_text(number, chance))
    for package in range(0, modules, MODULES_PER_PACKAGE):
        write(folder / "src" / Path(module_path(package)).with_name("__init__.py"), "")
    for number in range(notebooks):
        place = folder / notebook_path(number)
        if number % (NOTEBOOKS_PER_FOLDER * 5) == 0:
            write(place.with_name("plotting.py"), module_text(0, chance))
        write(place, notebook_text(number, modules, chance))
    commit(folder)
    for number in chance.sample(range(modules), CHANGED_MODULES):
        with (folder / "src" / module_path(number)).open("a") as file:
            file.write("\nCHANGED = True\n")
    changed = folder / notebook_path(notebooks // 2)
    changed.write_text(changed.read_text().replace("total = 0", "total = 1"))


def module_path(number: int) -> str:
    """Return where module *number* lies below `src`."""
    return f"package_{number // MODULES_PER_PACKAGE}/module_{number}.py"


def notebook_path(number: int) -> str:
    """Return where notebook *number* lies."""
    return f"notebooks/topic_{number // NOTEBOOKS_PER_FOLDER}/notebook_{number}.ipynb"


def module_text(number: int, chance: random.Random) -> str:
    """Return a module of 80 to 150 lines that imports up to three modules with lower numbers."""
    lines = [f'"""Module {number}: what it is for, in a sentence or two."""', ""]
    lines += ["from __future__ import annotations", "", "import math", "import os", ""]
    lines += ["import numpy as np", "import pandas as pd", ""]
    neighbours = number % MODULES_PER_PACKAGE
    if neighbours:
        other = number - chance.randint(1, min(neighbours, 5))
        lines.append(f"from .module_{other} import function_0")
    if number >= MODULES_PER_PACKAGE and chance.random() < 0.3:
        other = chance.randrange(number)
        lines.append(f"from package_{other // MODULES_PER_PACKAGE} import module_{other}")
    for index in range(chance.randint(7, 14)):
        lines += ["", "", f"def function_{index}(values: np.ndarray, scale: float = 1.0) -> float:"]
        lines += [f'    """Return the value of function {index}."""', "    total = 0.0"]
        lines += ["    for value in values:", "        total += math.sqrt(abs(value)) * scale"]
        lines += ['    print(f"from {os.sep} to {total}")', "    return total"]
    return "\n".join(lines) + "\n"


def notebook_text(number: int, modules: int, chance: random.Random) -> str:
    """Return a notebook of about 30 KB, most of it an image, that imports two modules."""
    imports = "".join(
        f"import package_{other // MODULES_PER_PACKAGE}.module_{other} as module_{other}\n"
        for other in chance.sample(range(modules), 2)
    )
    sources = [
        f"%matplotlib inline\nimport numpy as np\nimport pandas as pd\n{imports}",
        "total = 0\nfor value in np.arange(10):\n    total += value\ntotal",
        "!ls\npd.DataFrame({'a': [1, 2, 3]}).plot()",
        "if total:\n    print(f'{total:.2f}')",
    ]
    if number % 10 == 1:
        sources.append(f"%run notebook_{number - 1}.ipynb")
    cells = [cell(source, index, chance) for index, source in enumerate(sources)]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1)


def cell(source: str, index: int, chance: random.Random) -> Mapping[str, object]:
    """Return a code cell, with an image as its output."""
    image = chance.randbytes(3500).hex()
    output = {"output_type": "display_data", "data": {"image/png": image}, "metadata": {}}
    return {
        "cell_type": "code",
        "id": f"cell-{index}",
        "metadata": {},
        "execution_count": index,
        "source": source.splitlines(keepends=True),
        "outputs": [output],
    }


def write(place: Path, text: str) -> None:
    """Write a file, and make its folder."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def commit(folder: Path) -> None:
    """Make a git repository of *folder* with everything in one commit."""
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org"]
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        [*identity, "commit", "--quiet", "--message=Everything"],
    ):
        subprocess.run(["git", "-c", "maintenance.auto=false", *command], cwd=folder, check=True)


if __name__ == "__main__":
    main()
