"""A repository on the tests' GitHub with the App installed, and the bot's behaviour on a database.

There is no worker: a webhook is written down as the web does, and acted on at once. What a worker
would then do with the reviews is done by `finish` and `settle`.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from building.hosted import FakeClock
from building.repositories import Repository as Working
from building.repositories import make_repository
from fakes.github import Comment, GitHub, Pull, Repository
from fakes.github.installing import Installation, InstalledApp
from sqlalchemy import Row, insert, select, update

from bot.forges.github.app import GitHubApp
from bot.model import Outcome, Run, RunResult, run_id
from bot.review import given_up
from bot.service.database import Database
from bot.service.deliveries import take_delivery
from bot.service.engine import Engine
from bot.service.github_access import GitHubAccess
from bot.service.store import ReviewRow, read_review, save_review
from bot.service.tables import deliveries, pull_requests, reviews

Json = dict[str, Any]
_numbers = itertools.count(1)


@dataclass
class World:
    """`acme/films-N`, into whose `main` somebody wants to merge branches; maria may write."""

    github: GitHub
    app: InstalledApp
    repository: Repository
    working: Working
    engine: Engine
    installation: Installation
    clock: FakeClock

    # What people do

    def commit(self, branch: str, text: str) -> str:
        """Commit another version of a notebook to a branch, and return the SHA."""
        self.working.git("switch", "--quiet", branch)
        self.working.write("a.ipynb", [text])
        return self.working.commit(text)

    def push(self, pull: Pull, text: str = "") -> str:
        """Push a commit to a pull request, and return the SHA."""
        self.commit(pull.head_ref, text or f"print({next(_numbers)})")
        return pull.push()

    def push_back(self, pull: Pull, sha: str) -> None:
        """Push an earlier head of a pull request again, by force."""
        self.working.git("branch", "--force", "back", sha)
        self.working.git("switch", "--quiet", "back")
        self.working.git("branch", "--force", pull.head_ref, sha)
        pull.push()
        assert pull.head_sha == sha

    def open_pull(self, branch: str = "feature", **how: Any) -> Pull:
        """Open a pull request, of which nobody has told the bot."""
        return self.repository.open_pull_request(branch, **how)

    def opened(self, branch: str = "feature", **how: Any) -> Pull:
        """Open a pull request, and tell the bot."""
        pull = self.open_pull(branch, **how)
        self.tell(pull.event("opened"))
        return pull

    def say(self, pull: Pull, body: str, login: str = "maria") -> Comment:
        """Have somebody comment, tell the bot, and return the comment."""
        comment = self.repository.comment(pull, body, login)
        self.tell(comment.event(), "issue_comment")
        return comment

    # What the bot is told

    def tell(self, payload: Json, event: str = "pull_request", guid: str = "") -> Row[Any]:
        """Deliver a webhook, act on it, and return what became of it."""
        guid = guid or f"guid-{next(_numbers)}"
        self.write_down(payload, event, guid)
        return self.take(guid)

    def write_down(self, payload: Json, event: str, guid: str) -> None:
        """Write a webhook down, as the web does; one that is known stays as it is."""
        guid = self._own(guid)
        payload = {"installation": {"id": self.installation.id}, **payload}
        row = {"id": guid, "event": event, "payload": json.dumps(payload).encode()}
        with self.engine.database.begin() as connection:
            known = select(deliveries.c.id).where(deliveries.c.id == guid)
            if connection.execute(known).first() is None:
                connection.execute(insert(deliveries).values(row))

    def take(self, guid: str) -> Row[Any]:
        """Act on a delivery once more, and return what became of it."""
        take_delivery(self.engine, self._own(guid))
        return self.delivery(guid)

    def forget_done(self, guid: str) -> None:
        """Have a delivery wait again, as if its worker was killed before noting that it is done."""
        with self.engine.database.begin() as connection:
            of_it = update(deliveries).where(deliveries.c.id == self._own(guid))
            connection.execute(of_it.values(state="waiting", note=""))

    # What came of it

    def delivery(self, guid: str) -> Row[Any]:
        with self.engine.database.begin() as connection:
            wanted = select(deliveries).where(deliveries.c.id == self._own(guid))
            return connection.execute(wanted).one()

    @property
    def reviews(self) -> list[ReviewRow]:
        """All reviews, the oldest first."""
        with self.engine.database.begin() as connection:
            wanted = select(reviews.c.id).where(reviews.c.repository_id == self.repository.id)
            ids = connection.execute(wanted.order_by(reviews.c.id)).scalars().all()
            found = [read_review(connection, review_id) for review_id in ids]
        return [row for row in found if row is not None]

    @property
    def open(self) -> list[ReviewRow]:
        """The reviews that go on."""
        return [row for row in self.reviews if row.is_open]

    @property
    def reasons(self) -> list[str | None]:
        """Why each review was given up, None where it was not."""
        return [row.cancel_reason for row in self.reviews]

    def known(self, pull: Pull) -> Row[Any]:
        """Return what is known of a pull request."""
        with self.engine.database.begin() as connection:
            wanted = select(pull_requests).where(
                pull_requests.c.repository_id == self.repository.id,
                pull_requests.c.number == pull.number,
            )
            return connection.execute(wanted).one()

    def finish(self, row: ReviewRow, **outcomes: Outcome) -> None:
        """Have a review come to its end, with the outcomes of notebooks by name."""
        runs = tuple(
            _run(row, f"{name}.ipynb", outcome)
            for name, outcome in (outcomes or {"a": Outcome.PASSED}).items()
        )
        with self.engine.database.begin() as connection:
            newest = read_review(connection, row.id)
            assert newest is not None
            ended = replace(newest.review, runs=runs, planned=True)
            save_review(connection, newest, ended, None)

    def settle(self) -> None:
        """Have every review end that was given up, and every one that has a problem."""
        for row in self.reviews:
            if row.is_over or (row.cancel_reason is None and row.review.problem is None):
                continue
            ended = row.review
            if ended.problem is None:
                ended = given_up(replace(ended, cancelled=row.cancel_reason))
            with self.engine.database.begin() as connection:
                save_review(connection, row, ended, None)

    def _own(self, guid: str) -> str:
        """Return what a delivery is called in the database, which tests share."""
        return f"{self.repository.id}-{guid}"

    def replies(self, pull: Pull) -> list[str]:
        """Return what was replied to commands, without its marker, oldest first."""
        ours = f"{self.app.app.slug}[bot]"
        found = [item for item in self.repository.comments(pull) if item.login == ours]
        return [item.body.partition("\n")[2] for item in found]

    def reactions(self, comment: Comment) -> list[str]:
        return [reaction.content for reaction in self.repository.reactions(comment)]

    def asked(self, part: str) -> int:
        """Return how often something was asked for under a path that *part* is in."""
        top = f"/{self.repository.full_name}/"
        paths = [request.path for request in self.github.requests]
        return sum(top in path and part in path for path in paths)


def _run(row: ReviewRow, notebook: str, outcome: Outcome) -> Run:
    request = row.review.request
    name = run_id(request, notebook, {}, request.attempt)
    run = Run(run_id=name, notebook=notebook, attempt=request.attempt)
    return run.ended(RunResult(outcome=outcome))


def make_template(folder: Path) -> Working:
    """Return a repository with a branch `feature` that changes one of two notebooks of `main`."""
    working = make_repository(folder)
    working.write("a.ipynb", ["0"])
    working.write("b.ipynb", ["0"])
    base = working.commit("base")
    working.git("branch", "other", base)
    working.git("switch", "--quiet", "--create", "feature")
    working.write("a.ipynb", ["1"])
    working.commit("change")
    return working


def make_world(github: GitHub, app: InstalledApp, working: Working, database: Database) -> World:
    """Return a world with a repository of its own."""
    repository = github.add_repository(f"acme/films-{next(_numbers)}", working)
    repository.add_collaborator("maria", "write")
    installation = app.install(repository)
    clock = FakeClock(now=time.time())
    bot = GitHubApp(app.app.id, app.pem, github.api_url, clock=clock, sleep=clock.sleep)
    access = GitHubAccess(database, bot, clock)
    engine = Engine(database, bot, access, "local", clock)
    return World(github, app, repository, working, engine, installation, clock)


def heads(rows: Sequence[ReviewRow]) -> list[str]:
    """Return the heads of reviews."""
    return [row.head_sha for row in rows]
