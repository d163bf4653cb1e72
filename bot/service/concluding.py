"""Check runs that would stay in progress for ever, concluded as plainly as can be."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, text

from bot.forges.github.checks import Checks
from bot.model import Conclusion, Problem
from bot.report.check_run import CheckRun, CheckStatus
from bot.service.database import Database
from bot.service.github_access import GitHubAccess
from bot.service.showing import CHECK
from bot.service.tables import reviews

_GONE = Problem(
    conclusion=Conclusion.CANCELLED,
    title="Nobody works on this any more",
    details=("nbci has no review that this belongs to. `/nbci run` begins a new one.",),
)


@dataclass(frozen=True, slots=True)
class Concluding:
    """Concludes check runs without a review that could be shown."""

    database: Database
    access: GitHubAccess

    def conclude(self, review_id: int, problem: Problem) -> None:
        """Say *problem* on the head of a review, in every check run of ours that is in progress."""
        with self.database.begin() as connection:
            wanted = select(reviews.c.repository_id, reviews.c.head_sha)
            found = connection.execute(wanted.where(reviews.c.id == review_id)).one()
        if self._conclude_left(found.repository_id, found.head_sha, problem):
            return
        self._checks(found.repository_id, found.head_sha).put(
            CheckRun(
                name=CHECK,
                external_id=f"nbci-problem-{review_id}",
                status=CheckStatus.COMPLETED,
                conclusion=problem.conclusion,
                title=problem.title,
                summary=" ".join(problem.details),
            )
        )

    def sweep(self, hours: float) -> None:
        """Conclude what is in progress on heads whose reviews ended within the last *hours*."""
        for repository_id, head_sha in self._quiet_heads(hours):
            self._conclude_left(repository_id, head_sha, _GONE)

    def _conclude_left(self, repository_id: int, head_sha: str, problem: Problem) -> int:
        """Return how many check runs were concluded."""
        checks = self._checks(repository_id, head_sha)
        slug = self.access.app.slug
        left = [
            check
            for check in checks.existing(which="all")
            if check.status != "completed" and check.app == slug
        ]
        for check in left:
            details = " ".join(problem.details)
            checks.conclude(check, problem.conclusion.value, problem.title, details)
        return len(left)

    def _checks(self, repository_id: int, head_sha: str) -> Checks:
        place = self.access.place(repository_id)
        return Checks(self.access.api(place), place.full_name, head_sha, unique=True)

    def _quiet_heads(self, hours: float) -> list[tuple[int, str]]:
        """Return the heads of which every review is over and shown, the last one lately."""
        lately = func.now() - text(f"interval '{float(hours)} hours'")
        wanted = (
            select(reviews.c.repository_id, reviews.c.head_sha)
            .group_by(reviews.c.repository_id, reviews.c.head_sha)
            .having(func.bool_and(reviews.c.is_shown), func.max(reviews.c.over_at) > lately)
        )
        with self.database.begin() as connection:
            return [(row.repository_id, row.head_sha) for row in connection.execute(wanted)]
