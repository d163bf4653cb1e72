"""What a process of the bot does first, so that nobody reads its secrets out of it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterable

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def keep_secrets(names: Iterable[str]) -> None:
    """Take the variables *names* out of the environment that other programs would be given.

    What the process was started with cannot be read from outside any more then, nor its memory, but
    by root: https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
    """
    for name in names:
        os.environ.pop(name, None)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def end_with(parent: int) -> None:
    """Have this process told to end when *parent*, which started it, ends in whatever way."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
