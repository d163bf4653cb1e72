"""Issues and pull requests of the fake GitHub."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fakes.github.accounts import Account

if TYPE_CHECKING:
    from fakes.github.repository import Repository


@dataclass(eq=False)
class Issue:
    """An issue, which a pull request is too."""

    repository: Repository = field(repr=False)
    id: int
    number: int
    title: str
    account: Account
    association: str
    created_at: str
    body: str | None = None
    state: str = "open"
    locked: bool = False
    closed_at: str | None = None

    is_pull = False

    def close(self) -> None:
        self.state = "closed"
        self.closed_at = self.repository.github.now()


@dataclass(eq=False)
class Pull(Issue):
    """A pull request.

    *head_repository* is None once the fork is deleted. *merge_sha* is the commit that GitHub
    made to try the merge, as `refs/pull/N/merge`; None where the branches conflict.
    """

    head_repository: Repository | None = field(default=None, repr=False)
    head_owner: str = ""
    head_ref: str = ""
    base_ref: str = ""
    head_sha: str = ""
    base_sha: str = ""
    merge_sha: str | None = None
    draft: bool = False
    merged: bool = False
    before_sha: str | None = None
    merged_from: tuple[str, str] | None = None

    is_pull = True

    @property
    def from_fork(self) -> bool:
        return self.head_repository is not self.repository

    def push(self) -> str:
        """Take over what the test committed in its own repository, and return the new head SHA."""
        self.repository.sync()
        if self.head_repository and self.from_fork:
            self.head_repository.sync()
        self.refresh()
        return self.head_sha

    def refresh(self) -> None:
        """Follow the branches: the head's commits, and the merge of both."""
        if self.state != "open":
            return
        with self.repository.github.lock:
            self._follow_head()
            self._try_merge()

    def _follow_head(self) -> None:
        store = self.repository.store
        if self.head_repository is None:
            return
        sha = self.head_repository.store.ref(f"refs/heads/{self.head_ref}")
        if sha is None or sha == self.head_sha:
            return
        name = f"refs/pull/{self.number}/head"
        if self.from_fork:
            store.fetch(self.head_repository.store.path, f"+refs/heads/{self.head_ref}:{name}")
        else:
            store.set_ref(name, sha)
        self.before_sha, self.head_sha = self.head_sha or None, sha
        self.base_sha = store.ref(f"refs/heads/{self.base_ref}") or self.base_sha

    def _try_merge(self) -> None:
        store = self.repository.store
        base = store.ref(f"refs/heads/{self.base_ref}")
        if base is None or self.merged_from == (base, self.head_sha):
            return
        self.merged_from = (base, self.head_sha)
        name = f"refs/pull/{self.number}/merge"
        self.merge_sha = store.merge(base, self.head_sha, f"Merge {self.head_sha} into {base}")
        if self.merge_sha:
            store.set_ref(name, self.merge_sha)
        elif store.ref(name):
            store.delete_ref(name)

    def close(self, merged: bool = False) -> None:
        """Close it, merging it into its base first if so asked."""
        self.refresh()
        if merged:
            if self.merge_sha is None:
                raise ValueError(f"pull request {self.number} conflicts with {self.base_ref}")
            self.repository.store.set_ref(f"refs/heads/{self.base_ref}", self.merge_sha)
        self.merged = merged
        super().close()
        self.repository.refresh_pulls()

    def reopen(self) -> None:
        self.state, self.closed_at = "open", None
        self.refresh()

    def retarget(self, base: str) -> None:
        """Change the branch that it is to be merged into."""
        self.base_ref = base
        self.base_sha = self.repository.branch_sha(base)
        self.refresh()

    def delete_fork(self) -> None:
        """Let the fork be gone: `head.repo` is null from now on."""
        self.head_repository = None

    def event(
        self, action: str = "opened", sender: str | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Return the payload of a `pull_request` event; *changes* go under `changes`."""
        from fakes.github.events import pull_event

        return pull_event(self, action, sender or self.account.login, changes)
