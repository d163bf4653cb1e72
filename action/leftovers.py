"""Check runs that nobody works on any more."""

from __future__ import annotations

from action.session import Session
from bot.forges.github.checks import ExistingCheck
from bot.model import Conclusion


def conclude_left(
    session: Session, head: str, conclusion: Conclusion, title: str, summary: str
) -> int:
    """Conclude this job's check runs of *head* that are in progress, and return how many.

    Those of other Actions runs, of other jobs of the same matrix and of other programs are left
    alone.
    """
    checks = session.checks(head)
    left = [check for check in checks.existing() if _is_left(session, check)]
    for check in left:
        checks.conclude(check, conclusion.value, title, summary)
    return len(left)


def _is_left(session: Session, check: ExistingCheck) -> bool:
    context = session.context
    return (
        check.status != "completed"
        and check.external_id.startswith("nbci-")
        and check.origin == str(context.run_id)
        and check.name.endswith(f" ({context.variant})" if context.variant else "")
    )
