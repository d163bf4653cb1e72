"""A repository on a GitHub of our own, a pull request, and machines that run the Action on it."""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from building.repositories import Repository as Working
from fakes.actions.runner import OWN_ACTION, Runner
from fakes.github import GitHub, Pull, Repository

ROOT = Path(__file__).parents[2]
LONGEST = 60
"""Seconds that a job may take."""

READ_ONLY = {"contents": "read", "checks": "read", "pull_requests": "read", "statuses": "read"}
CHECKOUT = {"uses": "actions/checkout@v6", "with": {"persist-credentials": "false"}}


@dataclass
class World:
    """A repository with a pull request from `feature`, or a fork's, to `main`.

    Each start of the Action is on a machine of its own, the last of which is `machine`.
    """

    folder: Path
    github: GitHub
    working: Working
    repository: Repository
    pull: Pull
    token: str
    machine: Runner | None = None
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    # What people do

    def change(self, files, message="change"):
        """Commit *files* to the branch that is checked out, None removes one; return the SHA."""
        write(self.working, files)
        return self.working.commit(message)

    def push(self, files):
        """Push another commit to the pull request and return its SHA."""
        self.working.git("switch", "--quiet", "feature")
        self.change(files)
        return self.pull.push()

    def comment(self, body, login="maria"):
        """Have somebody comment on the pull request."""
        return self.repository.comment(self.pull, body, login)

    # What runs

    def start(self, inputs=None, *, steps=None, checkout=CHECKOUT, variables=None, **runner):
        """Start a job with checkout and action for an event, the pull request's by default.

        *variables* are those of the workflow's `env:`.
        """
        self.machine = self._machine(**runner)
        if steps is None:
            steps = [checkout] if checkout else []
            steps.append({"id": "nbci", "uses": f"{OWN_ACTION}@main", "with": inputs or {}})
        return self.machine.start_steps(steps, variables=variables, outputs_of="nbci")

    def run(self, inputs=None, **options):
        """Run such a job and return its JobResult."""
        with self.start(inputs, **options) as job:
            return job.wait(LONGEST)

    def run_workflow(self, name, **options):
        """Run the job of a workflow that is there to be copied, and return its JobResult."""
        self.machine = self._machine(**options)
        with self.machine.start_workflow_job(ROOT / "workflows" / name) as job:
            return job.wait(LONGEST)

    def obey(self, body, inputs=None, *, login="maria", **options):
        """Have somebody comment, run the job that this starts, and return its JobResult."""
        return self.hear(self.comment(body, login), inputs, **options)

    def hear(self, comment, inputs=None, *, action="created", sender=None, **options):
        """Run the job that an event of a comment starts, and return its JobResult."""
        event = comment.event(action, sender)
        return self.run(inputs, checkout=None, **self.on_main("issue_comment", event), **options)

    def on_main(self, event_name, event):
        """Return what a machine is told of an event that is about the default branch."""
        sha = self.repository.branch_sha("main")
        return {"event_name": event_name, "event": event, "sha": sha, "ref": "refs/heads/main"}

    def _machine(self, **options):
        number = next(self._numbers)
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        extra = options.pop("env", {})
        told = {
            "event": options.get("event") or self.pull.event("opened"),
            "sha": self.pull.merge_sha or "",
            "ref": f"refs/pull/{self.pull.number}/merge",
            "token": self.token,
            "run_id": number,
            **options,
        }
        return Runner(
            action_path=ROOT,
            workspace=self.folder / f"machine-{number}" / "r",
            server_url=self.github.server_url,
            api_url=self.github.api_url,
            repository=self.repository.full_name,
            repository_id=self.repository.id,
            env={"VIRTUAL_ENV": sys.prefix, "HOME": str(home), **extra},
            **told,
        )

    # What came of it

    @property
    def head(self):
        return self.pull.head_sha

    def checks(self, sha=None):
        """Return the newest check run of each name, those of the pull request's head by default."""
        return {check.name: check for check in self.repository.check_runs(sha or self.head)}

    def conclusions(self, sha=None):
        return {name: check.conclusion for name, check in self.checks(sha).items()}

    @property
    def report(self):
        """The summary check run of the pull request's head."""
        return self.checks()["nbci report"]

    @property
    def living_comment(self):
        """The one comment that is kept up to date."""
        (found,) = [item for item in self._ours if not item.body.startswith("<!-- reply")]
        return found

    @property
    def replies(self):
        """What was replied to commands, oldest first."""
        return [item.body for item in self._ours if item.body.startswith("<!-- reply")]

    @property
    def _ours(self):
        comments = self.repository.comments(self.pull)
        return [item for item in comments if item.login == "github-actions[bot]"]

    def reactions(self, comment):
        return [reaction.content for reaction in self.repository.reactions(comment)]

    def writes(self):
        """Return the requests that may have changed something: method and path."""
        return [
            (request.method, request.path)
            for request in self.github.requests
            if request.method != "GET" and request.operation != "git"
        ]


def write(working, files):
    for path, content in files.items():
        if content is None:
            (working.root / path).unlink()
        else:
            working.write(path, content)


def executed(result):
    """Return the executed notebooks in the artifact of a job, by the path of their source."""
    (report,) = result.artifacts.values()
    review = json.loads((report / "review.json").read_text())
    return {
        run["notebook"]: json.loads((report / run["executed_notebook"]).read_text())
        for run in review["runs"]
        if run.get("executed_notebook")
    }
