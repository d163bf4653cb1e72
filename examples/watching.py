"""Watching a pull request on the stand-in for GitHub: nothing that changes is missed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from fakes.github import CheckRun, Comment, Pull
from local_bot import DemoFailed, LocalBot
from screen import Screen

SUMMARY = "nbci"
_PATIENCE = 60.0


@dataclass
class Watch:
    """Prints what happens to *pull* from when it is asked to wait for something."""

    pull: Pull
    bot: LocalBot
    screen: Screen
    _seen: Counter[int] = field(default_factory=Counter)

    def wait(self, is_so: Callable[[], object], what: str) -> None:
        """Print what changes until *is_so*; raises DemoFailed, naming *what*, where it never is."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            enough = is_so()
            self._print_news()
            if enough:
                return
            self.bot.must_live()
            if time.monotonic() > deadline:
                raise DemoFailed(f"waited {_PATIENCE:.0f} s for this: {what}")
            time.sleep(0.03)

    def checks(self, sha: str) -> list[CheckRun]:
        """Return the check runs of a commit, the summary first."""
        with self.pull.repository.github.lock:
            return self.pull.repository.check_runs(sha)

    def summary(self, sha: str) -> CheckRun | None:
        """Return the check run for all notebooks together of a commit, if it is there."""
        return next((run for run in self.checks(sha) if run.name == SUMMARY), None)

    def comments(self) -> list[Comment]:
        """Return what is said below the pull request."""
        with self.pull.repository.github.lock:
            return self.pull.repository.comments(self.pull)

    def is_started(self, sha: str) -> bool:
        """Whether a notebook of a commit is under way."""
        return any(run.name != SUMMARY for run in self.checks(sha))

    def is_over(self, sha: str) -> bool:
        """Whether nothing is in progress for a commit, which has been looked at."""
        checks = self.checks(sha)
        return bool(checks) and all(run.status == "completed" for run in checks)

    def is_told(self, sha: str) -> bool:
        """Whether the review of a commit is over, and the comment says so too."""
        if not self.is_over(sha):
            return False
        said = [comment.body for comment in self.comments()]
        return any(f'"head":"{sha}"' in body and '"conclusion":"' in body for body in said)

    def _print_news(self) -> None:
        with self.pull.repository.github.lock:
            for run in self.pull.repository.check_runs():
                for state in run.history[self._seen[run.id] :]:
                    self.screen.check(run, state)
                self._seen[run.id] = len(run.history)
        for comment in self.comments():
            for body in comment.bodies[self._seen[comment.id] :]:
                self.screen.comment_line(comment, body)
            self._seen[comment.id] = len(comment.bodies)
