"""A repository that a whole bot reviews, and what people do there and see of it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import psycopg
from building.bots import Bot
from building.repositories import Repository as Working
from building.waiting import wait_until
from fakes.github import CheckRun, Comment, Pull, Repository

SUMMARY = "nbci"


@dataclass
class Stage:
    """The branch `feature` has two notebooks that `main` has not; maria may write."""

    bot: Bot
    repository: Repository
    working: Working

    def open(self, **how: Any) -> Pull:
        """Open a pull request, tell the bot, and return it once its runs have begun."""
        pull = self.repository.open_pull_request("feature", "main", **how)
        self.tell(pull.event("opened"))
        return pull

    def push(self, pull: Pull) -> str:
        """Push a commit without telling the bot, and return its SHA."""
        self.working.write("a.ipynb", [f"'after {pull.head_sha}'"])
        self.working.commit()
        return pull.push()

    def say(self, pull: Pull, body: str, login: str = "maria") -> Comment:
        comment = self.repository.comment(pull, body, login)
        self.tell(comment.event(), "issue_comment")
        return comment

    def tell(self, payload: dict[str, Any], event: str = "pull_request", guid: str | None = None):
        assert self.bot.app.deliver(event, payload, guid=guid) in (200, 202), self.bot.log

    def runs(self, sha: str, attempt: int = 1) -> dict[str, str]:
        """Return the ids of the runs of a commit by their notebooks."""
        with psycopg.connect(self.bot.dsn) as connection:
            found = connection.execute(
                """
                SELECT runs.value::json ->> 'notebook', run_id
                FROM runs JOIN reviews ON reviews.id = review_id
                WHERE head_sha = %s AND attempt = %s AND reviews.repository_id = %s
                """,
                [sha, attempt, self.repository.id],
            )
            return dict(found.fetchall())

    def await_begun(self, sha: str, number: int = 2, attempt: int = 1) -> list[str]:
        """Return the ids of the runs of a commit once the cloud has them."""

        def have_begun() -> bool:
            ids = self.runs(sha, attempt).values()
            return len(ids) == number and all(one in self.bot.cloud.runs for one in ids)

        wait_until(have_begun, f"{number} runs of {sha}, attempt {attempt}, have begun")
        return list(self.runs(sha, attempt).values())

    def finish(
        self, sha: str, number: int = 2, *, attempt: int = 1, failing: Container[str] = ()
    ) -> None:
        """Have the cloud end the runs of a commit, and wait until that is shown."""
        self.await_begun(sha, number, attempt)
        for notebook, run_id in self.runs(sha, attempt).items():
            self.bot.cloud.finish(run_id, "failed" if notebook in failing else "passed")
        self.await_concluded(sha)

    def await_concluded(self, sha: str) -> CheckRun:
        """Return the newest summary of a commit once all its reviews are shown to their end."""

        def are_shown() -> bool:
            with psycopg.connect(self.bot.dsn) as connection:
                found = connection.execute(
                    "SELECT is_shown FROM reviews WHERE head_sha = %s AND repository_id = %s",
                    [sha, self.repository.id],
                ).fetchall()
            return bool(found) and all(is_shown for (is_shown,) in found)

        wait_until(are_shown, f"all reviews of {sha} are shown")
        assert {one.status for one in self.repository.check_runs(sha)} == {"completed"}
        return self.check(sha)

    def check(self, sha: str, name: str = SUMMARY) -> CheckRun:
        """Return the newest check run of a name."""
        return [one for one in self.repository.check_runs(sha) if one.name == name][-1]

    def conclusions(self, sha: str) -> dict[str, str | None]:
        """Return what the newest check run of each name says."""
        return {check.name: check.conclusion for check in self.repository.check_runs(sha)}

    def outcomes(self, run_ids: list[str]) -> set[str | None]:
        return {self.bot.cloud.outcome(run_id) for run_id in run_ids}

    def await_reply(self, pull: Pull, text: str) -> None:
        def is_there() -> bool:
            return any(text in one.body for one in self.repository.comments(pull)[1:])

        wait_until(is_there, f"a reply that says {text!r}")

    def living(self, pull: Pull) -> Comment:
        """Return the one comment that the bot keeps up to date."""
        (found,) = [
            one
            for one in self.repository.comments(pull)
            if one.login.endswith("[bot]") and "reply of nbci" not in one.body
        ]
        return found
