"""GitHub as a Forge: one commit's check runs and one pull request's comment."""

from __future__ import annotations

from http import HTTPStatus

from bot.forges.forge import Revise
from bot.forges.github.api import Refused
from bot.forges.github.checks import Checks
from bot.forges.github.comments import Comments
from bot.forges.github.repository import GitHubRepository
from bot.report.check_run import CheckRun

_NO_CHECKS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class GitHubForge:
    """Shows a review of *sha*; without *comments* there is no pull request to comment on.

    Only an App's token, such as that of a workflow, can write check runs, and not every server has
    them: where they are refused, the check named *summary* becomes a commit status instead.
    """

    def __init__(
        self,
        repository: GitHubRepository,
        sha: str,
        *,
        checks: Checks,
        comments: Comments | None,
        summary: str,
    ) -> None:
        self._repository = repository
        self._sha = sha
        self._checks = checks
        self._comments = comments
        self._summary = summary
        self._refusal: Refused | None = None

    @property
    def has_checks(self) -> bool:
        """Whether check runs, with their annotations, were not refused up to now."""
        return self._refusal is None

    def put_check(self, check: CheckRun) -> None:
        """Show *check* as a check run, or as a commit status where check runs are refused."""
        if self._refusal is None:
            try:
                self._checks.put(check)
            except Refused as refused:
                if refused.status not in _NO_CHECKS:
                    raise
                self._refusal = refused
            else:
                return
        if check.name == self._summary:
            self._put_status(check, self._refusal)

    def put_comment(self, revise: Revise) -> None:
        """Write the one comment of the pull request."""
        if self._comments is None:
            return
        if self._checks.app:
            self._comments.login = f"{self._checks.app}[bot]"
        self._comments.upsert(revise)

    def _put_status(self, check: CheckRun, refusal: Refused) -> None:
        try:
            self._repository.set_status(
                self._sha, check.name, check.conclusion, check.title, check.details_url
            )
        except Refused:
            raise refusal from None
