"""How the notebooks of a head stand, by the check runs that earlier reviews of it have left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from action.session import REPORT_CHECK, Session
from bot.forges.github.checks import ExistingCheck
from bot.report.standing import Standing, standing_after


def reports(checks: Iterable[ExistingCheck]) -> list[ExistingCheck]:
    """Return those of *checks* that are summaries, be it of different jobs of a matrix."""
    return [check for check in checks if check.name.partition(" (")[0] == REPORT_CHECK]


def standing_of(session: Session, head: str) -> Standing | None:
    """Return how the notebooks of *head* stand, None where a job of a matrix does not say.

    Raises what Checks.existing does.
    """
    texts: dict[str, list[str]] = defaultdict(list)
    found = reports(session.checks(head).existing(which="all"))
    for check in sorted(found, key=lambda check: check.id):
        if check.status == "completed":
            texts[check.name].append(check.text)
    standings = [standing_after(told) for told in texts.values()]
    known = [standing for standing in standings if standing is not None]
    if not known or len(known) < len({check.name for check in found}):
        return None
    paths = (path for standing in known for path in standing.not_passed)
    return Standing(tuple(dict.fromkeys(paths)), all(standing.is_whole for standing in known))
