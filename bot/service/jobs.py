"""The jobs of the queue: their names, their arguments, and which of them exclude each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Lease = Callable[[], bool]
"""Asks the database whether a job is still this worker's; raises DatabaseAway.

A worker that was asleep, or that could not reach the database for some time, counts as lost, and
its jobs are given to others. The thread that was at work on one does not notice by itself: it is to
ask before it does what cannot be taken back.
"""

TAKE_DELIVERY = "take_delivery"
ADVANCE = "advance"
SHOW = "show"


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done by a worker.

    Of the jobs with one `lock` at most one is at work and at most one more waits; any number where
    it is None.
    """

    task: str
    arguments: dict[str, int | str] = field(default_factory=dict)
    lock: str | None = None


def take_delivery(delivery: str) -> Job:
    """Return the job that acts on a delivery."""
    return Job(TAKE_DELIVERY, {"delivery": delivery})


def advance(review_id: int) -> Job:
    """Return the job that takes the next steps of a review."""
    return Job(ADVANCE, {"review_id": review_id}, lock=f"review:{review_id}")


def show(review_id: int) -> Job:
    """Return the job that brings what GitHub shows in step with a review."""
    return Job(SHOW, {"review_id": review_id}, lock=f"show:{review_id}")
