"""What a review needs before its notebooks can be planned: its commits, and what holds for them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from bot.config import DEFAULT_PATH, OTHER_PATH, Config, config_from
from bot.config.narrowing import narrowed
from bot.errors import ConfigError, UsageError
from bot.forges.github.repository import GitHubRepository
from bot.model import ReviewRequest
from bot.planning.source import Source
from bot.service.files import Files
from bot.service.github_access import GitHubAccess

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planning:
    """Gets hold of what GitHub has of a review."""

    access: GitHubAccess
    files: Files

    def prepared(
        self, repository_id: int, request: ReviewRequest
    ) -> tuple[ReviewRequest, Source, Config]:
        """Return the request with the commit that its head left its base at, its files and rules.

        Raises ConfigError for a configuration at the head that is wrong, UsageError for commits
        that cannot be had, and what the API raises.
        """
        place = self.access.place(repository_id)
        repository = GitHubRepository(self.access.api(place), place.full_name)
        head = request.head
        assert head is not None
        if request.everything or request.notebooks:
            request = replace(request, base=None)
        elif request.base is not None:
            request = replace(request, base=repository.merge_base(request.base, head))
        commits = [head, *([request.base] if request.base else [])]
        local = self.files.fetched(place, self.access.git_token(place), commits)
        source = local.source(request)
        policy = _policy(repository, place.default_branch)
        own = config_from(dict(source.read([DEFAULT_PATH, OTHER_PATH])))
        return request, source, narrowed(policy, own)

    def export(self, repository_id: int, request: ReviewRequest, folder: Path) -> None:
        """Write the files of a review's head into *folder*, for notebooks to run in."""
        place = self.access.place(repository_id)
        assert request.head is not None
        local = self.files.fetched(place, self.access.git_token(place), [request.head])
        local.export(request, folder)


def _policy(repository: GitHubRepository, branch: str) -> Config:
    """Return what the default branch says; what holds without a configuration, where it is wrong.

    A pull request may be there to mend it, and without one nothing is allowed that it would not.
    """
    found = {
        path: content
        for path in (DEFAULT_PATH, OTHER_PATH)
        if (content := repository.file(path, branch)) is not None
    }
    try:
        return config_from(found)
    except (ConfigError, UsageError) as error:
        _log.warning("the configuration of %s is wrong: %s", repository.name, error)
        return Config()
