"""A git repository on this machine as the place that a review's files come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import UsageError
from bot.forges.commit_tree import CommittedFiles, CommitTree
from bot.forges.copying import copy_files, write_commit
from bot.forges.git_command import Git, GitFailed
from bot.forges.references import Base, References
from bot.forges.remote_url import without_credentials
from bot.forges.working_tree import WorkingTree
from bot.model import JsonValue, ReviewRequest, printable
from bot.planning.source import Source


class NoRepository(UsageError):
    """There is no git repository around the folder."""


@dataclass(frozen=True)
class LocalRepository:
    """A git repository with a working tree. Nothing here writes to either."""

    git: Git
    references: References
    identity: str
    _base_names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> LocalRepository:
        """Return the repository that *folder* is in.

        Raises NoRepository when it is in none, and UsageError when git is missing or refuses, or
        the repository has no working tree.
        """
        root, is_shallow = _locate(folder)
        config = _read_config(Git(root))
        filters = {
            key.removeprefix("filter.").rpartition(".")[0]
            for key in config
            if key.startswith("filter.")
        }
        git = Git(root, tuple(sorted(filters)))
        references = References(git, config, is_shallow)
        return cls(git, references, _identity(config, root))

    @property
    def root(self) -> Path:
        """The top of the working tree, absolute."""
        return self.git.folder

    def request(
        self,
        base: str | None = None,
        head: str | None = None,
        *,
        notebooks: Sequence[str] = (),
        everything: bool = False,
        parameters: Mapping[str, JsonValue] | None = None,
    ) -> ReviewRequest:
        """Return the request in which *base* and *head*, names that git knows, are commit SHAs.

        `base` becomes the commit where the head left the branch *base*, or the default branch. It
        is None where nothing is compared or there is no commit yet: everything is then new. Raises
        UsageError when a name means nothing, or what to compare with cannot be told.
        """
        compares = not (notebooks or everything)
        tip = self.references.commit(head) if head is not None else self.references.current()
        found = self._base(base, tip) if base is not None or compares else None
        if found:
            self._base_names[found.sha] = found.name
        return ReviewRequest(
            repository=self.identity,
            ref=self.references.current_branch() if head is None else head,
            base=found.sha if found else None,
            head=None if head is None else tip,
            working_tree=head is None,
            everything=everything,
            notebooks=tuple(notebooks),
            parameters=parameters or {},
        )

    def source(self, request: ReviewRequest) -> Source:
        """Return the files of the working tree, or of the commit that *request* is about."""
        base = CommitTree(self.git, request.base or self._empty_tree())
        commit = request.merge or request.head
        if commit is None:
            return WorkingTree(self.git, base)
        return CommittedFiles(self.git, base, CommitTree(self.git, commit))

    def export(self, request: ReviewRequest, folder: Path) -> None:
        """Write a clean copy of the files into *folder*, which must be empty or not exist.

        Of a working tree, the tracked and untracked files as they are on disk, without those that
        git ignores; else the files of the commit. Git's own data is in neither.
        """
        entries = self.source(request).entries()
        commit = request.merge or request.head
        if commit is None:
            copy_files(self.root, entries, folder)
        else:
            write_commit(self.git, commit, entries, folder)

    def describe(self, request: ReviewRequest) -> str:
        """Return one line that says what is reviewed against what."""
        if request.head is None:
            subject = f"Working tree of {self.root} (uncommitted changes included)"
        else:
            named = "" if request.head.startswith(request.ref) else f" ({request.ref})"
            subject = f"Commit {request.head[:7]}{named}"
        against = self._against(request)
        ending = ", and nothing else" if request.head else ""
        return printable(f"{subject}{against}{ending}")

    def _against(self, request: ReviewRequest) -> str:
        if request.base is not None:
            name = self._base_names.get(request.base)
            return (
                f" against {name} at {request.base[:7]}" if name else f" against {request.base[:7]}"
            )
        if request.notebooks or request.everything:
            return ""
        return ", in which everything is new: there is no commit yet"

    def _base(self, base: str | None, tip: str | None) -> Base | None:
        if tip is None:
            if base is not None:
                raise UsageError(f"there is no commit yet to compare with {printable(base)!r}")
            return None
        if base is None:
            return self.references.default_base(tip)
        return self.references.base(base, tip)

    def _empty_tree(self) -> str:
        return self.git.text("hash-object", "-t", "tree", "--stdin")


def _locate(folder: Path) -> tuple[Path, bool]:
    if not folder.is_dir():
        raise UsageError(f"{printable(str(folder))}: no such folder")
    try:
        is_shallow, top = (
            Git(folder)
            .text("rev-parse", "--is-shallow-repository", "--show-toplevel")
            .split("\n", 1)
        )
    except GitFailed as error:
        raise _explained(error, folder) from None
    return Path(top), is_shallow == "true"


def _explained(error: GitFailed, folder: Path) -> UsageError:
    shown = printable(str(folder))
    if "dubious ownership" in error.stderr:
        return UsageError(
            f"{shown}: git does not trust this repository because another user owns it;"
            " if you do, run the `git config` command it names:\n"
            + "\n".join(printable(line) for line in error.stderr.splitlines() if line.strip())
        )
    if "not a git repository" in error.stderr:
        return NoRepository(f"{shown} is in no git repository")
    if "work tree" in error.stderr:
        return UsageError(
            f"{shown} is a bare repository or inside .git; nbci needs a checkout with files"
        )
    return error


def _read_config(git: Git) -> dict[str, str]:
    settings = (entry.partition("\n") for entry in git.fields("config", "--list", "-z"))
    return {key: value for key, _, value in settings}


def _identity(config: Mapping[str, str], root: Path) -> str:
    urls = [
        value
        for key, value in sorted(config.items(), key=lambda item: item[0] != "remote.origin.url")
        if key.startswith("remote.") and key.endswith(".url")
    ]
    return (without_credentials(urls[0]) if urls else "") or str(root)
