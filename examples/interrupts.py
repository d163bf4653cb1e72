"""Ctrl-C and its kind: the first one ends the demo, and none disturbs its tidying up."""

from __future__ import annotations

import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_on_signals() -> None:
    """Let the first signal that asks us to end raise KeyboardInterrupt, and the next do nothing."""
    for number in _SIGNALS:
        signal.signal(number, _end)


def hold_off() -> None:
    """Do not let what comes now be interrupted."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    hold_off()
    raise KeyboardInterrupt
