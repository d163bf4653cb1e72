"""Ending in good order when the job is cancelled: then the runner sends SIGINT, and SIGTERM later.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

LONGEST_PATIENCE = 62 * 60.0
"""Seconds we wait for GitHub where its limits ask for it: they end within an hour."""

_SECONDS_TO_GO = 5.5
"""Seconds after a cancellation until we end: after 7.5 the runner insists."""

CANCELLED = "the job was cancelled"


class Stopped(Exception):
    """Somebody has cancelled the job."""


class Stop:
    """Whether the runner told us to end, and when; it is the handler of its signals."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._raises = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Note that the runner told us, and raise Stopped where that may happen at once."""
        if self._at is None:
            self._at = time.monotonic()
            if self._raises:
                raise Stopped

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Have Stopped raised meanwhile as soon as the runner tells us to end."""
        self._raises = True
        try:
            self.raise_if_asked()
            yield
        finally:
            self._raises = False

    def raise_if_asked(self) -> None:
        """Raise Stopped if the runner told us to end."""
        if self._at is not None:
            raise Stopped

    def patience(self) -> Callable[[], float]:
        """Return what tells, from now on, for how many seconds we may go on."""
        end = time.monotonic() + LONGEST_PATIENCE

        def seconds_left() -> float:
            last = end if self._at is None else min(end, self._at + _SECONDS_TO_GO)
            return last - time.monotonic()

        return seconds_left


@contextlib.contextmanager
def stoppable() -> Iterator[Stop]:
    """Take the runner's signals meanwhile, and return what they come to."""
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
