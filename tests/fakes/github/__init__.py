"""A GitHub on this machine, for tests: its REST API and git over HTTP, on real repositories.

    with GitHub() as github:
        repo = github.add_repository("octo/demo", git=working)
        pull = repo.open_pull_request("feature")
        token = github.token(repo, permissions={"checks": "write"})
        github.fault("502_after", method="POST", path="/check-runs$")
        ...  # what is tested talks to github.api_url and repo.git_url
        assert repo.check_runs(pull.head_sha)[0].conclusion == "success"

Tests take the fixture of `fakes.github.fixtures` instead, which also fails a test that asked what
GitHub would not accept (`github.violations`).
"""

from fakes.github.accounts import Account, App
from fakes.github.faults import Kind
from fakes.github.github import GitHub
from fakes.github.pulls import Issue, Pull
from fakes.github.recording import Request, Violation
from fakes.github.records import CheckRun, Comment, Reaction, Status, WorkflowRun
from fakes.github.repository import Repository
from fakes.github.webhook_examples import event_names, payloads

__all__ = [
    "Account",
    "App",
    "CheckRun",
    "Comment",
    "GitHub",
    "Issue",
    "Kind",
    "Pull",
    "Reaction",
    "Repository",
    "Request",
    "Status",
    "Violation",
    "WorkflowRun",
    "event_names",
    "payloads",
]
