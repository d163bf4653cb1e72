"""What nbci asks of the place where a review is shown to people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bot.report.check_run import CheckRun

Revise = Callable[[str | None], str | None]
"""Given what a comment says now, None where there is none, returns what it is to say; None for what
there is."""


class Forge(Protocol):
    """Where a review is shown to people: on one commit and, if it is of one, a pull request.

    Both methods may be called again after any error and then go on where they were interrupted:
    nothing is shown twice. They raise TryLater, Unanswered, and ForgeError for what is refused.
    """

    def put_check(self, check: CheckRun) -> None:
        """Show *check* in the state it has; its `external_id` tells whether it is there already."""

    def put_comment(self, revise: Revise) -> None:
        """Write the one comment of the pull request; without effect where there is none."""
