"""Reviews shown on the tests' GitHub as the Action shows them, on a clock that nobody waits for."""

from __future__ import annotations

from typing import Any

from building.hosted import Hosted
from building.reviews import story

from bot.model import Review
from bot.pacing import Pace
from bot.publishing import Appearance, Publisher

DAY = 24 * 3600.0


class Show:
    """A Publisher and what waits for it, as the Action has them in a thread."""

    def __init__(self, hosted: Hosted, token: str | None = None, **look: Any) -> None:
        self.hosted = hosted
        self.clock = hosted.clock
        self.pace = Pace(hosted.clock)
        self.forge = hosted.forge(token, self.pace)
        self.publisher = Publisher(
            self.forge,
            Appearance(name="nbci report", started=hosted.clock.now, **look),
            pace=self.pace,
            clock=hosted.clock,
            epoch=hosted.clock,
        )

    def until(self, end: float) -> None:
        """Let the publisher do what is due until the clock shows *end*."""
        for _ in range(20_000):
            again = self.publisher.step()
            if again is None or again > end:
                self.clock.now = max(self.clock.now, end)
                return
            self.clock.now = max(self.clock.now, again)
        raise AssertionError("the publisher comes to no end")

    def now(self, review: Review) -> None:
        """Show *review* and do what is due at once."""
        self.publisher.show(review)
        self.until(self.clock.now)

    def play(self, review: Review, seconds: float, **how: int) -> Review:
        """Show a whole review as it goes on, and return it as it ended."""
        began = self.clock.now
        for at, state in story(review, seconds, **how):
            self.until(began + at)
            self.publisher.show(state)
        self.finish()
        return state

    def finish(self) -> None:
        self.until(self.clock.now + DAY)


def busiest(moments: list[float], seconds: float) -> int:
    """Return the largest number of *moments* within that many seconds."""
    return max(sum(start <= at < start + seconds for at in moments) for start in moments)
