"""One step's dealings with GitHub: what it may ask there, and where a review is shown."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property

from action.context import Context
from action.inputs import Inputs
from bot.forges.fetching import Remote
from bot.forges.github.api import Api
from bot.forges.github.checks import Checks
from bot.forges.github.comments import Comments
from bot.forges.github.forge import GitHubForge
from bot.forges.github.repository import GitHubRepository
from bot.pacing import Pace
from bot.report.comment import is_ours

JOB_CHECK = "nbci"
"""The name of the job, whose own check run branch protection asks for."""

REPORT_CHECK = "nbci report"
"""The name of the summary check run that is written through the API, the variant left aside."""


@dataclass(frozen=True)
class Session:
    """What the event is, what was asked for, and GitHub as the token sees it."""

    context: Context
    inputs: Inputs
    pace: Pace = field(default_factory=lambda: Pace(time.monotonic))

    @cached_property
    def api(self) -> Api:
        """GitHub's API with the token of the inputs; not for several threads at once."""
        return Api(self.context.api_url, self.inputs.token, wrote=self.pace.note)

    @cached_property
    def repository(self) -> GitHubRepository:
        """The repository that the workflow runs in."""
        return GitHubRepository(self.api, self.context.repository)

    @property
    def report_check(self) -> str:
        """The name of this job's summary check run."""
        variant = self.context.variant
        return f"{REPORT_CHECK} ({variant})" if variant else REPORT_CHECK

    @property
    def remote(self) -> Remote:
        """Where commits of the repository are fetched from."""
        url = f"{self.context.server_url}/{self.context.repository}"
        return Remote(url, self.context.server_url, self.inputs.token)

    def checks(self, sha: str) -> Checks:
        """Return the check runs of a commit."""
        origin = str(self.context.run_id)
        return Checks(self.api, self.context.repository, sha, origin=origin)

    def comments(self, number: int) -> Comments:
        """Return the comments of a pull request."""
        return Comments(self.api, self.context.repository, number, is_ours=is_ours)

    def forge(self, sha: str, number: int | None) -> GitHubForge:
        """Return where a review of *sha* is shown, and on the pull request *number* if it is one.

        It has connections of its own, for a thread of its own.
        """
        apart = replace(self)
        return GitHubForge(
            apart.repository,
            sha,
            checks=apart.checks(sha),
            comments=None if number is None else apart.comments(number),
            summary=self.report_check,
        )
