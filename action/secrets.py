"""Keeping the token from whatever runs on this machine as the same user as we do.

A kernel can read the environment that any process of its user was started with, and the memory of
those that may be dumped (`man 5 proc`, `man 2 ptrace`). So the process that works is started anew
with an environment that holds nothing secret, is handed the rest through a file that has no name,
and cannot be dumped. What this cannot prevent is in docs/security.md.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from typing import NoReturn

PREFIX = "NBCI_INPUT_"
"""Begins the names of the variables that hold the inputs, the token among them."""

_HANDED_OVER = "NBCI_HANDED_OVER"
_SECRET = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
_PR_SET_DUMPABLE = 4


def taken_apart(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets and inputs among *environment*, in a process that holds them nowhere else.

    The first time, this starts the process anew and does not return.
    """
    handed_over = environment.get(_HANDED_OVER)
    if handed_over is None:
        _start_anew(environment)
    del os.environ[_HANDED_OVER]
    _forbid_dumps()
    with os.fdopen(int(handed_over), "rb") as file:
        secrets: dict[str, str] = json.load(file)
    return secrets


def _start_anew(environment: Mapping[str, str]) -> NoReturn:
    secret = {
        name: value
        for name, value in environment.items()
        if name.startswith(PREFIX) or name in _SECRET
    }
    public = {name: value for name, value in environment.items() if name not in secret}
    descriptor = _nameless_file(json.dumps(secret).encode())
    os.set_inheritable(descriptor, True)
    public[_HANDED_OVER] = str(descriptor)
    os.execve(sys.executable, sys.orig_argv, public)  # noqa: S606 - ourselves


def _nameless_file(content: bytes) -> int:
    """Return a descriptor of a file that has no path and holds *content*, to be read."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("nbci")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    with os.fdopen(descriptor, "wb", closefd=False) as handed_over:
        handed_over.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _forbid_dumps() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
