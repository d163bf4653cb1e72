"""Keeps what notebooks are called, and what they say, from being commands to GitHub Actions."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator

from rich.console import Console


@contextlib.contextmanager
def no_workflow_commands(console: Console) -> Iterator[None]:
    """Have GitHub Actions obey nothing that is printed meanwhile.

    It reads each line that begins with `::` as a command, an exception's text included:
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        yield
        return
    token = secrets.token_hex(16)
    console.print(f"::stop-commands::{token}", markup=False)
    try:
        yield
    finally:
        console.print(f"::{token}::", markup=False)
