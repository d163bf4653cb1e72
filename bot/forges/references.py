"""From the names that people give commits to their SHAs, and what to compare with by default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import UsageError
from bot.forges.git_command import Git, GitFailed
from bot.model import printable

_FETCH_HISTORY = (
    "run `git fetch --unshallow` (in GitHub Actions: `fetch-depth: 0` for actions/checkout)"
)


@dataclass(frozen=True, slots=True)
class Base:
    """What a head is compared with: the commit where it left the branch of that name."""

    sha: str
    name: str


@dataclass(frozen=True, slots=True)
class References:
    """The commits and branches of one repository."""

    git: Git
    config: Mapping[str, str]
    is_shallow: bool

    def commit(self, name: str) -> str:
        """Return the SHA of the commit that *name* stands for, or raise UsageError."""
        sha = None if name.startswith("-") or "\0" in name else self._find(name)
        if sha:
            return sha
        message = f"{printable(name)!r} is no branch, tag or commit of this repository"
        if self.is_shallow:
            message += f"; the clone is shallow, so it may only be missing: {_FETCH_HISTORY}"
        raise UsageError(message)

    def current(self) -> str | None:
        """Return the SHA of HEAD, None before the first commit."""
        return self._find("HEAD")

    def current_branch(self) -> str:
        """Return the name of the branch that is checked out, empty when none is."""
        try:
            return self.git.text("symbolic-ref", "--quiet", "--short", "HEAD")
        except GitFailed:
            return ""

    def base(self, name: str, head: str) -> Base:
        """Return where *head* left *name*, as in GitHub's comparison with three dots."""
        return Base(self._merge_base(name, self.commit(name), head), name)

    def default_base(self, head: str) -> Base:
        """Return where *head* left the default branch; *head* itself when there is no other.

        Raises UsageError when there are other branches and none of them is known as the default.
        """
        branches = self._branches()
        for name in self._default_names():
            if name in branches:
                return Base(self._merge_base(name, branches[name], head), name)
        others = {name for name, sha in branches.items() if sha != head}
        if others or self.is_shallow:
            raise UsageError(self._no_default())
        return Base(head, "HEAD")

    def _find(self, name: str) -> str | None:
        try:
            return self.git.text("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except GitFailed:
            return None

    def _merge_base(self, name: str, sha: str, head: str) -> str:
        if sha == head:
            return head
        try:
            return self.git.text("merge-base", sha, head)
        except GitFailed:
            told = f"{printable(name)} and {head[:7]} have no commit in common"
        if self.is_shallow:
            told += f" in this shallow clone; {_FETCH_HISTORY}"
        raise UsageError(told)

    def _branches(self) -> dict[str, str]:
        """Return local and remote branches by their short names, with their SHAs."""
        listed = os.fsdecode(
            self.git.run(
                "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/", "refs/remotes/"
            )
        )
        lines = (line.partition(" ") for line in listed.split("\n") if line)
        return {
            name.removeprefix("refs/heads/").removeprefix("refs/remotes/"): sha
            for sha, _, name in lines
        }

    def _default_names(self) -> list[str]:
        configured = self.config.get("init.defaultbranch")
        local = ["main", "master", *([configured] if configured else [])]
        remotes = [
            key.removeprefix("remote.").removesuffix(".url")
            for key in self.config
            if key.startswith("remote.") and key.endswith(".url")
        ]
        remotes.sort(key=lambda remote: remote != "origin")
        return [f"{remote}/{name}" for remote in remotes for name in ("HEAD", *local)] + local

    def _no_default(self) -> str:
        told = "cannot tell what to compare with: there is no branch origin/HEAD, main or master"
        advice = "name a branch or commit with --base"
        return f"{told}; {advice}" + (f", or {_FETCH_HISTORY}" if self.is_shallow else "")
