"""Bringing single commits into a git repository: as data, with nothing of them executed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import UsageError
from bot.forges.git_command import Git, GitFailed
from bot.forges.remote_url import without_credentials
from bot.model import printable


@dataclass(frozen=True, slots=True)
class Remote:
    """Where commits are fetched from.

    The token is for *server* and no other host, and is known to the git process that fetches and to
    no other: it is in no configuration file and on no command line.
    """

    url: str
    server: str = ""
    token: str | None = field(default=None, repr=False)

    def settings(self) -> list[tuple[str, str]]:
        """Return git's settings for a fetch from here."""
        url, server = urlsplit(self.url), urlsplit(self.server)
        if not self.token or (url.scheme, url.netloc) != (server.scheme, server.netloc):
            # That it is off elsewhere keeps submodules from naming folders of this machine.
            return [("protocol.file.allow", "always")]
        key = f"http.{url.scheme}://{url.netloc}/.extraheader"
        login = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return [
            # Whatever the checkout's configuration says, no program of its choice sees the token.
            ("protocol.allow", "never"),
            (f"protocol.{url.scheme}.allow", "always"),
            ("credential.helper", ""),
            # The empty one drops what actions/checkout may have left: two are refused by GitHub.
            (key, ""),
            (key, f"AUTHORIZATION: basic {login}"),
        ]


def fetch_commits(git: Git, remote: Remote, commits: Sequence[str], *, shallow: bool) -> None:
    """See to it that the commits of these SHAs are there, each with all its files.

    With *shallow* they come without their history; what has a complete one must not be fetched
    into that way. Into a shallow clone, which is what actions/checkout makes, git sends only the
    files that differ from those that are there. Raises UsageError when they cannot be had.
    """
    missing = [commit for commit in dict.fromkeys(commits) if not _has(git, commit)]
    if not missing:
        return
    options = ["--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--quiet"]
    if shallow:
        options.append("--depth=1")
    try:
        git.run("fetch", *options, "--", remote.url, *missing, config=remote.settings())
    except GitFailed as error:
        shown = printable(without_credentials(remote.url))
        said = printable(error.stderr.strip().rpartition("\n")[2])
        names = ", ".join(commit[:10] for commit in missing)
        raise UsageError(
            f"{names} cannot be fetched from {shown}: {said};"
            " the token needs `contents: read`, or give actions/checkout `fetch-depth: 0`"
        ) from None


def make_repository(folder: Path, like: str) -> None:
    """Make an empty repository in *folder*, for commits whose SHAs look *like* this one."""
    folder.mkdir(parents=True, exist_ok=True)
    object_format = "sha256" if len(like) == 64 else "sha1"
    Git(folder).run("init", "--quiet", f"--object-format={object_format}", "--template=", ".")


def parents_of(git: Git, commit: str) -> list[str]:
    """Return the SHAs of a commit's parents, those that a shallow clone does not have included."""
    header, _, _ = git.run("cat-file", "commit", commit).partition(b"\n\n")
    lines = (line.partition(b" ") for line in header.splitlines())
    return [sha.decode("ascii") for name, _, sha in lines if name == b"parent"]


def _has(git: Git, commit: str) -> bool:
    try:
        git.run("cat-file", "-e", f"{commit}^{{tree}}")
    except GitFailed:
        return False
    return True
