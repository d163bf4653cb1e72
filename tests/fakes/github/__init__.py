"""A GitHub on this machine, for tests: its REST API and git over HTTP, on real repositories."""

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
