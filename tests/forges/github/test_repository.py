"""What GitHub says of pull requests and people, and the small things done there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from building.hosted import NAME, Hosted

from bot.errors import TryLater, Unanswered
from bot.forges.github.api import Refused
from bot.forges.github.events import PullRequest
from bot.forges.github.repository import LONGEST_STATUS, GitHubRepository
from bot.model import Conclusion
from bot.report.check_run import CheckRun, CheckStatus


@pytest.fixture
def repository(hosted: Hosted) -> GitHubRepository:
    return GitHubRepository(hosted.api(), NAME)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("admin", True),
        ("maintain", True),
        ("write", True),
        ("triage", False),
        ("read", False),
    ],
)
def test_who_may_write_may_command(hosted: Hosted, repository, role, allowed):
    hosted.repository.add_collaborator("ada", role)

    assert repository.may_command("ada") is allowed


def test_a_stranger_to_a_private_repository_may_not(hosted: Hosted, repository):
    hosted.repository.private = True
    hosted.github.account("mallory")

    assert repository.may_command("mallory") is False


@pytest.mark.parametrize("login", ["nobody-of-this-name", "..", "a/b", "dependabot[bot]", "?x=1"])
def test_somebody_unknown_may_not(hosted: Hosted, repository, login):
    hosted.repository.add_collaborator("ada", "admin")

    assert repository.may_command(login) is False
    hosted.github.violations.clear()  # a login that GitHub would not give anybody


@pytest.mark.parametrize(
    ("kind", "error"),
    [("500_before", Unanswered), ("html", Unanswered), ("secondary_limit", TryLater)],
)
def test_a_permission_that_cannot_be_told_is_no_permission(hosted: Hosted, repository, kind, error):
    hosted.repository.add_collaborator("ada", "admin")
    hosted.github.fault(kind, path="/permission$", times=99)

    with pytest.raises(error):
        repository.may_command("ada")


def test_a_token_that_may_not_ask_is_refused(hosted: Hosted, repository):
    hosted.github.expire(hosted.token)

    with pytest.raises(Refused):
        repository.may_command("ada")


def test_a_pull_request_that_is_not_there_yet_is_waited_for(hosted: Hosted, repository):
    hosted.github.fault("not_found", path="/pulls/1$", times=2)

    assert repository.pull_request(1).head_sha == hosted.sha


def test_a_pull_request_that_does_not_come_is_given_up(hosted: Hosted, repository):
    with pytest.raises(Unanswered, match="GET /repos/octo/science/pulls/77"):
        repository.pull_request(77)

    assert len(hosted.github.requests) == 5


def test_open_pull_requests_are_listed(hosted: Hosted, repository):
    second = hosted.repository.open_pull_request()
    hosted.repository.open_pull_request().close()

    assert set(repository.open_pull_requests()) == {hosted.pull.number, second.number}


def test_the_commit_where_the_head_left_the_base_is_told(hosted: Hosted, repository):
    base = hosted.repository.branch_sha("main")

    assert repository.merge_base(base, hosted.sha) == base


class TestWasPushedAfter:
    @pytest.fixture
    def pull(self, repository) -> PullRequest:
        """Return the pull request of a repository that was pushed to right now."""
        return replace(repository.pull_request(1), head_pushed_at=datetime.now(UTC))

    @pytest.fixture
    def known(self, hosted: Hosted) -> datetime:
        """Return a moment at which GitHub knew the head."""
        hosted.checks().put(check_run("x", CheckStatus.IN_PROGRESS))
        return datetime.now(UTC)

    def test_not_where_nothing_was_pushed_since(self, hosted: Hosted, repository, pull):
        assert repository.was_pushed_after(pull, pull.head_pushed_at) is False
        assert hosted.asked("GET", "checks/list-suites-for-ref") == 0

    def test_not_where_github_knew_the_commit_before(self, repository, known, pull):
        later = replace(pull, head_pushed_at=known + timedelta(hours=1))

        assert repository.was_pushed_after(later, known) is False

    def test_where_github_got_to_know_the_commit_later(self, repository, known, pull):
        assert repository.was_pushed_after(pull, known - timedelta(hours=1)) is True

    def test_not_where_github_says_nothing_of_the_commit(self, repository, pull):
        assert repository.was_pushed_after(pull, datetime(2026, 1, 1, tzinfo=UTC)) is False


def check_run(name: str, status: CheckStatus, url: str | None = None) -> CheckRun:
    return CheckRun(
        name=name,
        external_id=f"nbci-{name}-{url}",
        status=status,
        conclusion=None,
        title="x",
        summary="x",
        details_url=url,
    )


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        (None, "pending"),
        (Conclusion.SUCCESS, "success"),
        (Conclusion.NEUTRAL, "success"),
        (Conclusion.SKIPPED, "success"),
        (Conclusion.FAILURE, "failure"),
        (Conclusion.TIMED_OUT, "failure"),
        (Conclusion.ACTION_REQUIRED, "failure"),
        (Conclusion.CANCELLED, "error"),
    ],
)
def test_a_commit_status_tells_a_conclusion(hosted: Hosted, repository, conclusion, state):
    repository.set_status(hosted.sha, "nbci report", conclusion, "x" * 500, "https://example.org/")

    (status,) = hosted.repository.statuses(hosted.sha)
    assert (status.context, status.state) == ("nbci report", state)
    assert len(status.description) == LONGEST_STATUS
    assert status.target_url == "https://example.org/"


class TestCancellingActionsRuns:
    @pytest.fixture
    def run(self, hosted: Hosted):
        return hosted.repository.add_workflow_run(hosted.sha)

    @pytest.fixture
    def repository(self, hosted: Hosted) -> GitHubRepository:
        permissions = {"actions": "write", "checks": "write"}
        token = hosted.github.token(hosted.repository, permissions=permissions)
        return GitHubRepository(hosted.api(token), NAME)

    def job(self, hosted: Hosted, run, name: str = "nbci") -> None:
        hosted.repository.add_job_check(run, name)

    def cancelled(self, hosted: Hosted, repository, but: int = 0) -> list[int]:
        names = frozenset({"nbci", "nbci report"})
        return repository.cancel_actions_runs(hosted.checks(), names, but=but)

    def test_what_works_on_a_check_run_of_the_name_is_cancelled(self, hosted, repository, run):
        self.job(hosted, run)

        assert self.cancelled(hosted, repository) == [run.id]
        assert run.conclusion == "cancelled"

    def test_jobs_of_a_matrix_are_meant_too(self, hosted, repository, run):
        self.job(hosted, run, "nbci (3.12)")

        assert self.cancelled(hosted, repository) == [run.id]

    def test_others_go_on(self, hosted, repository, run):
        self.job(hosted, run, "build")

        assert self.cancelled(hosted, repository) == []
        assert run.status == "in_progress"

    def test_our_own_run_goes_on(self, hosted, repository, run):
        self.job(hosted, run)

        assert self.cancelled(hosted, repository, but=run.id) == []

    def test_what_has_ended_meanwhile_is_not_counted(self, hosted, repository, run):
        self.job(hosted, run)
        run.status = "completed"

        assert self.cancelled(hosted, repository) == []

    def test_a_token_that_may_not_cancel_is_told_the_permission(self, hosted, run):
        self.job(hosted, run)
        repository = GitHubRepository(hosted.api(), NAME)

        with pytest.raises(Refused, match="`actions: write`"):
            self.cancelled(hosted, repository)
