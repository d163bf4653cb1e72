"""A bare git repository: the truth about commits, trees, blobs and refs."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from building.repositories import ENVIRONMENT

SHA = re.compile(r"[0-9a-f]{40}")
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "GitHub"), ("EMAIL", "noreply@github.com"))
}
_SETTINGS = (
    ("uploadpack.allowAnySHA1InWant", "true"),
    ("uploadpack.allowFilter", "true"),
    ("receive.hideRefs", "refs/pull"),
    ("http.receivepack", "true"),
    ("gc.auto", "0"),
)


@dataclass(frozen=True)
class TreeEntry:
    """A line of a tree; *size* is None for what is no blob."""

    path: str
    mode: str
    kind: str
    sha: str
    size: int | None


@dataclass(frozen=True)
class Person:
    """Who wrote or committed, and when."""

    name: str
    email: str
    date: str


@dataclass(frozen=True)
class Commit:
    """A commit as git has it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


@dataclass(frozen=True)
class Ref:
    """A name and what it points at."""

    name: str
    sha: str
    kind: str


class GitStore:
    """A bare repository in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kind = functools.cache(self._kind)
        self.commit = functools.cache(self._commit)
        self.entries = functools.lru_cache(maxsize=64)(self._entries)

    def create(self, source: Path | None, default_branch: str) -> None:
        """Make the repository, with the branches and tags of *source*."""
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={default_branch}")
        settings = "".join(
            f"[{name.partition('.')[0]}]\n\t{name.partition('.')[2]} = {value}\n"
            for name, value in _SETTINGS
        )
        with (self.path / "config").open("a", encoding="utf-8") as config:
            config.write(settings)
        if source:
            self.fetch(source, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")

    def git(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        """Call git, which must succeed, and return what it printed."""
        done = self._run(arguments, stdin, environment or {})
        if done.returncode:
            raise RuntimeError(f"git {arguments}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def ask(self, *arguments: str) -> str | None:
        """Call git and return what it printed, or None if it failed."""
        done = self._run(arguments, None, {})
        return None if done.returncode else os.fsdecode(done.stdout).strip()

    def _run(
        self, arguments: tuple[str, ...], stdin: bytes | None, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**ENVIRONMENT, **_IDENTITY, **environment},
            input=stdin if stdin is not None else b"",
            capture_output=True,
            check=False,
        )

    def fetch(self, source: Path, *refspecs: str) -> None:
        self.git(
            "-c", "protocol.file.allow=always", "fetch", "--quiet", "--no-tags", "--force",
            "--update-head-ok", str(source), *refspecs,
        )  # fmt: skip

    # Objects

    def _kind(self, sha: str) -> str:
        kind = self.ask("cat-file", "-t", sha) if SHA.fullmatch(sha) else None
        if kind is None:
            raise KeyError(sha)
        return kind

    def has(self, sha: str, kind: str = "commit") -> bool:
        """Whether there is an object of this kind; *sha* must be a whole one."""
        try:
            return bool(self.kind(sha) == kind)
        except KeyError:
            return False

    def resolve(self, name: str) -> str | None:
        """Return the commit that a SHA, branch or tag names."""
        if SHA.fullmatch(name):
            return name if self.has(name) else None
        for prefix in ("refs/heads/", "refs/tags/", "refs/", ""):
            if prefix == "" and not name.startswith("refs/"):
                continue
            found = self.ask("rev-parse", "--verify", "--quiet", f"{prefix}{name}^{{commit}}")
            if found:
                return found
        if re.fullmatch(r"[0-9a-f]{7,39}", name):
            return self.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return None

    def tree_of(self, name: str) -> str | None:
        """Return the tree that a SHA of a tree or a commit, or a ref, names."""
        if self.has(name, "tree"):
            return name
        commit = self.resolve(name)
        return self.commit(commit).tree if commit else None

    def _commit(self, sha: str) -> Commit:
        printed = self.git("cat-file", "commit", sha).decode("utf-8", "replace")
        head, _, message = printed.partition("\n\n")
        fields = [line.partition(" ")[::2] for line in head.split("\n")]
        named = dict(fields)
        return Commit(
            sha=sha,
            tree=named["tree"],
            parents=tuple(value for name, value in fields if name == "parent"),
            author=_person(named["author"]),
            committer=_person(named["committer"]),
            message=message.removesuffix("\n"),
        )

    def _entries(self, tree: str, recursive: bool = False) -> tuple[TreeEntry, ...]:
        options = ("-r", "-t") if recursive else ()
        printed = self.git("ls-tree", "-z", "-l", *options, tree)
        return tuple(_entry(line) for line in printed.split(b"\0") if line)

    def entry(self, tree: str, path: str) -> TreeEntry | None:
        """Return what is at a path, None if there is nothing."""
        for printed in self.git("ls-tree", "-z", "-l", tree, "--", path).split(b"\0"):
            if printed:
                return _entry(printed)
        return None

    def blob(self, sha: str) -> bytes:
        return self.git("cat-file", "blob", sha)

    def write_blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def write_blobs(self, contents: list[bytes]) -> list[str]:
        """Write many blobs with one call of git."""
        if not contents:
            return []
        with tempfile.TemporaryDirectory() as folder:
            places = [Path(folder, str(number)) for number in range(len(contents))]
            for place, content in zip(places, contents, strict=True):
                place.write_bytes(content)
            names = "".join(f"{place}\n" for place in places).encode()
            return self.git("hash-object", "-w", "--stdin-paths", stdin=names).decode().split()

    def write_commit(self, tree: str, parents: tuple[str, ...], message: str, **people: str) -> str:
        options = [part for parent in parents for part in ("-p", parent)]
        done = self.git("commit-tree", tree, *options, stdin=message.encode(), environment=people)
        return done.decode().strip()

    # Refs

    def ref(self, name: str) -> str | None:
        """Return what a ref, named from `refs/` on, points at."""
        return self.ask("rev-parse", "--verify", "--quiet", name)

    def refs(self, prefix: str) -> list[Ref]:
        """Return the refs whose whole name begins with *prefix*."""
        printed = self.git("for-each-ref", "--format=%(refname) %(objectname) %(objecttype)")
        refs = [Ref(*line.rsplit(" ", 2)) for line in os.fsdecode(printed).splitlines()]
        return [ref for ref in refs if ref.name.startswith(prefix)]

    def set_ref(self, name: str, sha: str) -> None:
        self.git("update-ref", name, sha)

    def delete_ref(self, name: str) -> None:
        self.git("update-ref", "-d", name)

    # History

    def merge_base(self, one: str, other: str) -> str | None:
        return self.ask("merge-base", one, other)

    def is_ancestor(self, one: str, other: str) -> bool:
        return self.ask("merge-base", "--is-ancestor", one, other) is not None

    def between(self, base: str, head: str) -> list[str]:
        """Return the commits of *head* that *base* has not, oldest first."""
        return self.git("rev-list", "--reverse", "--topo-order", head, f"^{base}").decode().split()

    def merge(self, base: str, head: str, message: str) -> str | None:
        """Return a commit that merges *head* into *base*, None where they conflict."""
        printed = self.ask("merge-tree", "--write-tree", base, head)
        if printed is None:
            return None
        return self.write_commit(printed.split()[0], (base, head), message)


def _person(text: str) -> Person:
    match = re.fullmatch(r"(.*) <(.*)> (\d+) [+-]\d{4}", text)
    assert match, text
    name, email, seconds = match.groups()
    return Person(name, email, _date(int(seconds)))


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(line: bytes) -> TreeEntry:
    about, _, path = line.partition(b"\t")
    mode, kind, sha, size = about.decode().split()
    return TreeEntry(
        path.decode("utf-8", "replace"), mode, kind, sha, None if size == "-" else int(size)
    )
