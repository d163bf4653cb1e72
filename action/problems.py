"""What is told on the pull request when nbci itself has failed."""

from __future__ import annotations

from bot.model import Conclusion, Problem

OUR_FAULT = Problem(
    conclusion=Conclusion.FAILURE,
    title="Internal error: nbci itself has failed, not a notebook",
    details=("The log of the Actions run says what happened. Please report it with that log.",),
)
