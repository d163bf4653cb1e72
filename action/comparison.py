"""Which commits a review compares, and getting hold of them.

actions/checkout leaves a single commit without history: for a pull request, the merge of its head
into its base. What is missing for the comparison is fetched here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import UsageError
from bot.forges.fetching import Remote, fetch_commits, make_repository, parents_of
from bot.forges.git_command import GitFailed
from bot.forges.local_git import LocalRepository, NoRepository

MergeBase = Callable[[str, str], str]
"""Returns the SHA of the commit where a head left a base; both are SHAs or names of branches."""

PARENT = "HEAD^"
"""As a base: the commit before the one that is checked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is run, and what it is compared with.

    `head` is the commit that is reported on. `commit` is the one whose files are run; `base`, None
    where nothing is compared, is there with its files too.
    """

    repository: LocalRepository
    head: str
    commit: str
    base: str | None

    @property
    def merge(self) -> str | None:
        """The commit whose files are run, where those are not the head's own."""
        return None if self.commit == self.head else self.commit


def checked_out(
    workspace: Path, remote: Remote, head: str, base: str | None, merge_base: MergeBase
) -> Comparison:
    """Return the comparison of what is checked out in *workspace* with the base of *head*.

    Where a merge of *head* is checked out, the base is what it was merged into. Without *base*,
    nothing is compared. Raises UsageError when there is no checkout, or a commit cannot be had.
    """
    repository = _open(workspace)
    commit = repository.references.current()
    if commit is None:
        raise UsageError(f"{workspace} has no commit checked out: add a step with actions/checkout")
    start = None if base is None else _start(repository, commit, head, base, merge_base)
    if start is not None:
        is_shallow = repository.references.is_shallow
        fetch_commits(repository.git, _remote(repository, remote), [start], shallow=is_shallow)
    return Comparison(repository=repository, head=head, commit=commit, base=start)


def fetched(
    folder: Path, remote: Remote, head: str, base: str | None, merge_base: MergeBase
) -> Comparison:
    """Return the comparison of *head* with where it left *base*, fetched as data into *folder*."""
    make_repository(folder, like=head)
    repository = LocalRepository.open(folder)
    start = None if base is None else merge_base(base, head)
    fetch_commits(repository.git, remote, [head, *([start] if start else [])], shallow=True)
    return Comparison(repository=repository, head=head, commit=head, base=start)


def _open(workspace: Path) -> LocalRepository:
    try:
        return LocalRepository.open(workspace)
    except NoRepository:
        raise UsageError(
            f"there is no checkout in {workspace}: add a step with actions/checkout before nbci"
        ) from None


def _start(
    repository: LocalRepository, commit: str, head: str, base: str, merge_base: MergeBase
) -> str | None:
    parents = parents_of(repository.git, commit)
    if len(parents) == 2 and parents[1] == head:
        return parents[0]
    if base == PARENT:
        return parents[0] if parents else None
    if not repository.references.is_shallow:
        with contextlib.suppress(GitFailed):  # the base is not in this clone
            return repository.git.text("merge-base", base, commit)
    return merge_base(base, head)


def _remote(repository: LocalRepository, remote: Remote) -> Remote:
    """Return the remote that the checkout was made from, as long as it is the one we know."""
    try:
        url = repository.git.text("remote", "get-url", "origin")
    except GitFailed:
        return remote
    return Remote(url, remote.server, remote.token) if url else remote
