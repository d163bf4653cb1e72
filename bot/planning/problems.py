"""Why nothing was run, as it is told on the pull request."""

from __future__ import annotations

from bot.errors import ConfigError, ForgeError, NbciError, TryLater, Unanswered
from bot.model import Conclusion, Problem
from bot.planning.selection import TooManyNotebooks


def problem_of(error: NbciError) -> Problem:
    """Return *error* as the reason why nothing was run."""
    first, *more = str(error).splitlines() or [type(error).__name__]
    match error:
        case ConfigError():
            title = "The configuration of nbci is wrong"
            return Problem(conclusion=Conclusion.FAILURE, title=title, details=error.problems)
        case TooManyNotebooks():
            title, _, advice = first.partition(": ")
            command = "Comment `/nbci run folder/` with the notebooks or folders that matter"
            details = (advice.capitalize(), command)
            return Problem(conclusion=Conclusion.ACTION_REQUIRED, title=title, details=details)
        case ForgeError() | TryLater() | Unanswered():
            title = "GitHub did not say what there is to compare"
            return Problem(conclusion=Conclusion.FAILURE, title=title, details=(first, *more))
        case _:
            return Problem(conclusion=Conclusion.FAILURE, title=first, details=tuple(more))
