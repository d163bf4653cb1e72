"""A repository of the fake GitHub: real git, and what people and apps left on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from building.repositories import Repository as WorkingRepository
from fakes.github.accounts import App
from fakes.github.git_store import GitStore
from fakes.github.pulls import Issue, Pull
from fakes.github.records import CheckRun, Comment, Reaction, Status, WorkflowRun

if TYPE_CHECKING:
    from fakes.github.github import GitHub

ROLES = ("admin", "maintain", "write", "triage", "read")


@dataclass(eq=False)
class Repository:
    """A repository; *working* is the test's own, whose branches `sync` takes over."""

    github: GitHub = field(repr=False)
    id: int
    full_name: str
    store: GitStore = field(repr=False)
    default_branch: str = "main"
    private: bool = False
    working: WorkingRepository | None = field(default=None, repr=False)
    parent: Repository | None = field(default=None, repr=False)
    collaborators: dict[str, str] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict, repr=False)
    all_comments: dict[int, Comment] = field(default_factory=dict, repr=False)
    all_check_runs: dict[int, CheckRun] = field(default_factory=dict, repr=False)
    all_statuses: list[Status] = field(default_factory=list, repr=False)
    workflow_runs: dict[int, WorkflowRun] = field(default_factory=dict, repr=False)
    suites: dict[tuple[int, str], int] = field(default_factory=dict, repr=False)
    not_here: set[str] = field(default_factory=set, repr=False)
    pushed_at: str = ""

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]

    @property
    def git_url(self) -> str:
        """Where git fetches from and pushes to, without credentials."""
        return f"{self.github.server_url}/{self.full_name}.git"

    # Branches

    def sync(self) -> None:
        """Take over the branches and tags of the test's own repository, forced where need be."""
        if self.working is None:
            return
        elsewhere = [f"^refs/heads/{branch}" for branch in sorted(self.not_here)]
        with self.github.lock:
            before = self.store.refs("refs/heads/")
            self.store.fetch(
                self.working.root, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
                *elsewhere,
            )  # fmt: skip
            if self.store.refs("refs/heads/") != before:
                self.pushed_at = self.github.now()
            self.refresh_pulls()

    def refresh_pulls(self) -> None:
        """Let open pull requests follow their branches, those from this repository's forks too."""
        for repository in self.github.repositories.values():
            for issue in repository.issues.values():
                if isinstance(issue, Pull) and self in (repository, issue.head_repository):
                    issue.refresh()

    def branch_sha(self, branch: str) -> str:
        """Return the tip of a branch, which must exist."""
        sha = self.store.ref(f"refs/heads/{branch}")
        if sha is None:
            raise ValueError(f"{self.full_name} has no branch {branch!r}")
        return sha

    def files(self, ref: str) -> dict[str, bytes]:
        """Return the files at a branch, tag or SHA, nothing if there is no such ref."""
        tree = self.store.tree_of(ref)
        if tree is None:
            return {}
        entries = self.store.entries(tree, recursive=True)
        return {item.path: self.store.blob(item.sha) for item in entries if item.kind == "blob"}

    # People

    def add_collaborator(self, login: str, role: str = "write") -> None:
        """Give a person a role: admin, maintain, write, triage or read."""
        if role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}, got {role!r}")
        self.github.account(login)
        self.collaborators[login] = role

    def role(self, login: str) -> str:
        """Return a person's role, "none" for a stranger to a private repository."""
        if login == self.owner:
            return "admin"
        return self.collaborators.get(login, "none" if self.private else "read")

    # Issues, pull requests and comments

    def next_number(self) -> int:
        return max(self.issues, default=0) + 1

    def open_issue(self, title: str = "Something is wrong", author: str = "octocat") -> Issue:
        """Open an issue that is no pull request."""
        number = self.next_number()
        issue = Issue(
            repository=self,
            id=self.github.new_id("issue"),
            number=number,
            title=title,
            account=self.github.account(author),
            association="NONE",
            created_at=self.github.now(),
        )
        self.issues[number] = issue
        return issue

    def open_pull_request(
        self,
        head: str = "feature",
        base: str = "main",
        *,
        author: str = "octocat",
        title: str = "Change the notebooks",
        fork: Repository | WorkingRepository | str | None = None,
        association: str | None = None,
        draft: bool = False,
        body: str | None = None,
    ) -> Pull:
        """Open a pull request from a branch of this repository or of a fork.

        A fork is one added before, the test's repository it is made of, or the name of its
        owner: then the branch is taken from the test's repository and is in the fork only.
        """
        head_repository = self._fork_for(fork, head) if fork is not None else self
        self.sync()
        if head_repository is not self:
            head_repository.sync()
        pull = Pull(
            repository=self,
            id=self.github.new_id("pull"),
            number=self.next_number(),
            title=title,
            account=self.github.account(author),
            association=association or self._association(author),
            created_at=self.github.now(),
            body=body,
            head_repository=head_repository,
            head_owner=head_repository.owner,
            head_ref=head,
            base_ref=base,
            base_sha=self.branch_sha(base),
            draft=draft,
        )
        head_repository.branch_sha(head)
        self.issues[pull.number] = pull
        pull.refresh()
        return pull

    def _association(self, login: str) -> str:
        if login == self.owner:
            return "OWNER"
        return "COLLABORATOR" if login in self.collaborators else "NONE"

    def _fork_for(self, fork: Repository | WorkingRepository | str, head: str) -> Repository:
        if isinstance(fork, Repository):
            return fork
        if isinstance(fork, WorkingRepository):
            return self.github.add_repository(
                f"stranger/{self.name}", git=fork, private=self.private, parent=self
            )
        self.not_here.add(head)
        if self.store.ref(f"refs/heads/{head}"):
            self.store.delete_ref(f"refs/heads/{head}")
        found = self.github.repositories.get(f"{fork}/{self.name}")
        return found or self.github.add_repository(
            f"{fork}/{self.name}", git=self.working, private=self.private, parent=self
        )

    def pull(self, number: int) -> Pull:
        found = self.issues[number]
        assert isinstance(found, Pull)
        return found

    def comment(
        self,
        on: Issue | int,
        body: str,
        login: str = "octocat",
        association: str | None = None,
        *,
        app: str | None = None,
    ) -> Comment:
        """Leave a comment as a person, or as an app given by its slug."""
        issue = self.issues[on] if isinstance(on, int) else on
        comment = Comment(
            id=self.github.new_id("comment"),
            repository=self,
            issue=issue,
            account=self.github.account(login),
            app=self.github.app(app) if app else None,
            association=association or self._association(login),
            bodies=[body],
            created_at=self.github.now(),
            updated_at=self.github.now(),
        )
        self.all_comments[comment.id] = comment
        return comment

    # What tests look at

    def comments(self, on: Issue | int) -> list[Comment]:
        """Return the comments of an issue or pull request, oldest first."""
        number = on if isinstance(on, int) else on.number
        return [item for item in self.all_comments.values() if item.issue.number == number]

    def reactions(self, comment: Comment | int) -> list[Reaction]:
        found = self.all_comments[comment] if isinstance(comment, int) else comment
        return list(found.reactions)

    def check_runs(self, sha: str | None = None) -> list[CheckRun]:
        """Return the check runs of a commit, or all, oldest first."""
        return [run for run in self.all_check_runs.values() if sha in (None, run.head_sha)]

    def statuses(self, sha: str | None = None) -> list[Status]:
        """Return the commit statuses of a commit, or all, oldest first."""
        return [status for status in self.all_statuses if sha in (None, status.sha)]

    def add_workflow_run(
        self,
        head_sha: str,
        *,
        event: str = "pull_request",
        status: str = "in_progress",
        conclusion: str | None = None,
        name: str = "notebooks",
        path: str = ".github/workflows/notebooks.yml",
        actor: str = "octocat",
        branch: str | None = None,
    ) -> WorkflowRun:
        """Let GitHub Actions have started a workflow."""
        run = WorkflowRun(
            id=self.github.new_id("workflow_run"),
            name=name,
            path=path,
            event=event,
            head_sha=head_sha,
            head_branch=branch,
            account=self.github.account(actor),
            status=status,
            conclusion=conclusion,
            created_at=self.github.now(),
        )
        self.workflow_runs[run.id] = run
        return run

    def add_job_check(self, run: WorkflowRun, name: str) -> CheckRun:
        """Let a job of a workflow run have begun, whose check run GitHub itself makes."""
        app = self.github.app("github-actions")
        check = CheckRun(
            id=self.github.new_id("check_run"),
            app=app,
            name=name,
            head_sha=run.head_sha,
            suite_id=self.suite_id(app, run.head_sha),
            details_url=f"{self.github.server_url}/{self.full_name}/actions/runs/{run.id}/job/5",
            status="in_progress",
            started_at=self.github.now(),
        )
        self.all_check_runs[check.id] = check
        return check

    def suite_id(self, app: App, sha: str) -> int:
        """Return the check suite of an app for a commit, which from now on exists."""
        key = (app.id, sha)
        if key not in self.suites:
            self.suites[key] = self.github.new_id("suite")
        return self.suites[key]

    # Events

    def push_event(
        self, branch: str | None = None, before: str | None = None, sender: str = "octocat"
    ) -> dict[str, Any]:
        """Return the payload of a push of the branch as it is now; *before* is its parent."""
        from fakes.github.events import push_event

        return push_event(self, branch or self.default_branch, before, sender)

    def dispatch_event(
        self,
        inputs: dict[str, Any] | None = None,
        *,
        branch: str | None = None,
        sender: str = "octocat",
    ) -> dict[str, Any]:
        """Return the payload of a `workflow_dispatch` event."""
        from fakes.github.events import dispatch_event

        return dispatch_event(self, inputs or {}, branch or self.default_branch, sender)

    def schedule_event(self, cron: str = "0 4 * * 1") -> dict[str, Any]:
        """Return the payload of a `schedule` event."""
        from fakes.github.events import schedule_event

        return schedule_event(self, cron)

    def merge_group_event(self, pull: Pull | int) -> dict[str, Any]:
        """Put a pull request in the merge queue and return the payload of its `merge_group`."""
        from fakes.github.events import merge_group_event

        return merge_group_event(self, self.pull(pull) if isinstance(pull, int) else pull)

    def check_run_event(
        self, run: CheckRun, action: str, sender: str = "octocat", *, identifier: str | None = None
    ) -> dict[str, Any]:
        """Return the payload of a `check_run` event; *identifier* is the button pressed."""
        from fakes.github.events import check_run_event

        return check_run_event(self, run, action, sender, identifier)
