"""How fast we may write to a forge."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

WINDOWS = ((60.0, 75), (3600.0, 480))
"""Seconds, and how many requests that create content are allowed in them. GitHub's limits are 80 a
minute and 500 an hour:
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""


class Pace:
    """Keeps account of our writes; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._writes: deque[float] = deque()

    def note(self) -> None:
        """Note that something was written now."""
        now = self._clock()
        self._writes.append(now)
        longest = max(seconds for seconds, _ in WINDOWS)
        while self._writes[0] < now - longest:
            self._writes.popleft()

    def delay(self, share: float) -> float:
        """Return for how many seconds not to write, when only *share* of the limits may be used.

        What can wait takes a smaller share than what cannot.
        """
        now = self._clock()
        delays = [0.0]
        for seconds, most in WINDOWS:
            allowed = int(most * share)
            if len(self._writes) >= allowed:
                delays.append(self._writes[-allowed] + seconds - now)
        return max(delays)


class Pulse:
    """Says when something that changes all the time is to be shown again: less and less often.

    First after *first* seconds, then after intervals that grow by *factor* up to *longest*, *times*
    in all.
    """

    def __init__(self, *, first: float, factor: float, longest: float, times: int) -> None:
        self._interval = first
        self._factor = factor
        self._longest = longest
        self._left = times
        self._next: float | None = None

    def due(self, now: float) -> float | None:
        """Return when it is to be shown next; None when it was shown often enough."""
        if self._next is None:
            self._next = now + self._interval
        return self._next if self._left else None

    def beat(self, now: float) -> None:
        """Note that it was shown."""
        self._left -= 1
        self._interval = min(self._interval * self._factor, self._longest)
        self._next = now + self._interval
