"""A repository on the tests' GitHub with one pull request, and nbci's way to it on a fake clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from building.repositories import make_repository
from fakes.github import GitHub, Pull, Repository

from bot.forges.github.api import Api
from bot.forges.github.checks import Checks
from bot.forges.github.comments import Comments
from bot.forges.github.forge import GitHubForge
from bot.forges.github.repository import GitHubRepository
from bot.pacing import Pace
from bot.report.comment import is_ours

NAME = "octo/science"


@dataclass
class FakeClock:
    """Seconds since 1970 that pass only when somebody sleeps."""

    now: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Hosted:
    """The repository `octo/science` with an open pull request, seen with a workflow's token."""

    github: GitHub
    repository: Repository
    pull: Pull
    token: str
    clock: FakeClock = field(default_factory=FakeClock)
    written_at: list[float] = field(default_factory=list)

    @property
    def sha(self) -> str:
        return self.pull.head_sha

    def api(self, token: str | None = None, pace: Pace | None = None) -> Api:
        def wrote() -> None:
            self.written_at.append(self.clock.now)
            if pace:
                pace.note()

        return Api(
            self.github.api_url,
            token or self.token,
            wrote=wrote,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def checks(self, token: str | None = None, origin: str = "") -> Checks:
        return Checks(self.api(token), NAME, self.sha, origin=origin)

    def comments(self, token: str | None = None) -> Comments:
        return Comments(self.api(token), NAME, self.pull.number, is_ours=is_ours)

    def forge(self, token: str | None = None, pace: Pace | None = None) -> GitHubForge:
        api = self.api(token, pace)
        return GitHubForge(
            GitHubRepository(api, NAME),
            self.sha,
            checks=Checks(api, NAME, self.sha),
            comments=Comments(api, NAME, self.pull.number, is_ours=is_ours),
            summary="nbci report",
        )

    def asked(self, method: str, operation: str) -> int:
        """Return how often something was asked for by a method and the operation's GitHub name."""
        return sum(
            (request.method, request.operation) == (method, operation)
            for request in self.github.requests
        )


def host(github: GitHub, folder: Path) -> Hosted:
    """Return `octo/science` on *github*, made from a repository in *folder*."""
    git = make_repository(folder)
    git.write("a.ipynb", ["1"])
    git.commit()
    git.git("checkout", "--quiet", "-b", "feature")
    git.write("a.ipynb", ["2"])
    git.commit()
    repository = github.add_repository(NAME, git)
    pull = repository.open_pull_request()
    return Hosted(github, repository, pull, github.token(repository))
