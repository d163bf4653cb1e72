"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Return as soon as *is_so* returns something true; fail, naming *what*, if it never does."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for this: {what}"
        time.sleep(0.02)
