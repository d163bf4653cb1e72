"""How fast we may write to a forge, and how often what changes all the time is shown."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

WINDOWS = ((60.0, 75), (3600.0, 480))
"""Seconds, and how many requests that create content are allowed in them. GitHub's limits are 80 a
minute and 500 an hour:
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

MOST_AN_HOUR = min(most for seconds, most in WINDOWS if seconds == 3600.0)


class Allowance(Protocol):
    """Says how long to wait before something is written."""

    def delay(self, share: float) -> float:
        """Return for how many seconds not to write, when only *share* of the limits may be used."""


class Pace:
    """Keeps account of our writes, for all threads of a process; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._writes: deque[float] = deque(maxlen=max(most for _, most in WINDOWS))
        self._lock = threading.Lock()

    def note(self) -> None:
        """Note that something was written now."""
        with self._lock:
            self._writes.append(self._clock())

    def delay(self, share: float) -> float:
        """Return for how many seconds not to write, when only *share* of the limits may be used.

        What can wait takes a smaller share than what cannot.
        """
        delays = [0.0]
        with self._lock:
            now = self._clock()
            for seconds, most in WINDOWS:
                allowed = int(most * share)
                if len(self._writes) >= allowed:
                    # A clock that was set back makes nobody wait longer than that.
                    delays.append(min(self._writes[-allowed] + seconds - now, seconds))
        return max(delays)


@dataclass
class Pulse:
    """Says when something that changes all the time is to be shown again: less and less often.

    First `interval` seconds after it was first asked, then after intervals that grow by `factor`.
    `next` is when, None while nobody has asked; `beats` counts how often it was shown.
    """

    interval: float
    factor: float
    next: float | None = None
    beats: int = 0

    def due(self, now: float) -> float:
        """Return when it is to be shown next; counting begins with the first call."""
        if self.next is None:
            self.next = now + self.interval
        return self.next

    def beat(self, now: float) -> None:
        """Note that it was shown."""
        self.beats += 1
        self.interval *= self.factor
        self.next = now + self.interval
