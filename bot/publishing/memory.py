"""What is remembered of a review that is being shown, so that somebody else can go on with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from bot.pacing import Pulse
from bot.publishing.appearance import Channel
from bot.report.check_run import CheckRun, CheckStatus


@dataclass(frozen=True, slots=True)
class Told:
    """What was last shown somewhere: which state of the review, and what stood beside it.

    `bad` is whether a notebook that did not pass was among what was shown.
    """

    revision: int | None = None
    refusal: str | None = None
    bad: bool = False

    def is_same(self, other: Told) -> bool:
        """Whether *other* would say the same."""
        return (self.revision, self.refusal) == (other.revision, other.refusal)


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """A check run as it was last written: a digest of it, and whether it is at its end."""

    digest: str
    is_completed: bool

    @classmethod
    def of(cls, check: CheckRun) -> ShownCheck:
        """Return what is remembered of *check*."""
        digest = hashlib.sha256(repr(check).encode("utf-8", "surrogatepass")).hexdigest()
        return cls(digest, check.status is CheckStatus.COMPLETED)


@dataclass
class Memory:
    """What a Publisher knows; times are those of its clock.

    `shown` has the check runs by their external id. Nothing is written until `paused_until`;
    `pause` is how long it will be after the next request without an answer, `limited` counts the
    limits that were reached in a row.
    """

    shown: dict[str, ShownCheck] = field(default_factory=dict)
    summarised: Told = Told()
    commented: Told = Told()
    paused_until: float = 0.0
    pause: float = 1.0
    limited: int = 0
    summary_pulse: Pulse = field(default_factory=lambda: Pulse(5, 3.5))
    comment_pulse: Pulse = field(default_factory=lambda: Pulse(60, 10))
    refusals: dict[Channel, str] = field(default_factory=dict)
