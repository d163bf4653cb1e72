"""Whether a Python can run notebooks. Standard library only."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

# Any Python is asked, also one that is too old for `runner.py`.
_PROBE = """
import sys
if sys.version_info < (3, 9):
    sys.exit("too old: " + sys.version.split()[0])
import ipykernel.kernelapp, zmq
"""
_TOO_OLD = "too old: "
_NO_IPYKERNEL = "ModuleNotFoundError: No module named 'ipykernel'"


def why_no_kernel(python: str, environment: Mapping[str, str]) -> str | None:
    """Return why *python* cannot run notebooks and what to do about it, None if it can."""
    try:
        done = subprocess.run(
            [python, "-c", _PROBE],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{python} cannot be started: {error}"
    if done.returncode == 0:
        return None
    said = done.stderr.decode("utf-8", "replace").splitlines()
    errors = [line for line in said if "Error" in line or line.startswith(_TOO_OLD)]
    return _in_words(python, (errors or said or [f"exit status {done.returncode}"])[-1])


def _in_words(python: str, reason: str) -> str:
    if reason.startswith(_TOO_OLD):
        version = reason.removeprefix(_TOO_OLD)
        return f"{python} is Python {version}; notebooks are run with Python 3.9 or newer"
    install = f"{python} -m pip install"
    if reason == _NO_IPYKERNEL:
        return (
            f"{python} has no ipykernel, so it cannot run notebooks;"
            f" install it with: {install} ipykernel"
        )
    return (
        f"{python} cannot run notebooks: {reason};"
        f" install what is missing with: {install} --force-reinstall ipykernel"
    )
