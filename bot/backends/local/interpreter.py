"""Which Python runs the notebooks, and with which environment variables. Standard library only."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.errors import UsageError

_OURS = ("NBCI_", "INPUT_")
_TOKENS = {
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_RESULTS_URL",
}


def interpreters(chosen: str | None, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the Pythons to try, the best first: one that was *chosen* or activated is the only one.

    Then come `python` of the PATH and, for its kernel spec, the Python that nbci runs in. All paths
    are absolute. Raises UsageError when *chosen* is not there.
    """
    explicit = _explicit(chosen, environment)
    if explicit:
        yield str(Path(explicit).absolute())
        return
    found = shutil.which("python", path=environment.get("PATH")) or shutil.which(
        "python3", path=environment.get("PATH")
    )
    if found:
        yield str(Path(found).absolute())
    if not found or not same_file(found, sys.executable):
        yield sys.executable


def same_file(first: str, second: str) -> bool:
    """Whether two paths name the same interpreter; those of two virtual environments never do."""
    return os.path.abspath(first) == os.path.abspath(second)  # noqa: PTH100 - must not follow links


def _explicit(chosen: str | None, environment: Mapping[str, str]) -> str | None:
    if chosen:
        found = shutil.which(chosen, path=environment.get("PATH"))
        if found is None:
            raise UsageError(f"--python {chosen}: there is no such program")
        return found
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = environment.get(variable)
        if prefix and (Path(prefix) / "bin" / "python").exists():
            return str(Path(prefix) / "bin" / "python")
    return None


def kernel_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* as a notebook may see it: without nbci's settings and tokens."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(_OURS) and name not in _TOKENS
    }


def with_python_first(environment: Mapping[str, str], python: str) -> dict[str, str]:
    """Return *environment* with the folder of *python* first on the PATH, for `!pip` and such."""
    folder = str(Path(python).parent)
    path = environment.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] == folder:
        return dict(environment)
    return {**environment, "PATH": folder + os.pathsep + path}


def with_kernels_beside(python: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* such that kernels installed in the environment of *python* are found."""
    kernels = Path(python).parents[1] / "share" / "jupyter"
    known = environment.get("JUPYTER_PATH")
    path = os.pathsep.join([str(kernels), known] if known else [str(kernels)])
    return {**with_python_first(environment, python), "JUPYTER_PATH": path}
