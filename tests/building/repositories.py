"""Git repositories made in code, and how to ask nbci what a change in them affects."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from building.notebooks import notebook

# Nothing of the person's who runs the tests: no configuration, no calling hook's repository.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
_IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org")


@dataclass(frozen=True)
class Repository:
    """A git repository in a folder."""

    root: Path

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Call git, which must succeed, and return what it printed."""
        done = subprocess.run(
            ["git", *_IDENTITY, *arguments],
            cwd=self.root,
            env=ENVIRONMENT,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return os.fsdecode(done.stdout).strip()

    def write(self, path: str, content: str | bytes | list[Any]) -> Path:
        """Write a file; a list becomes a notebook with these cells."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = json.dumps(notebook(*content), indent=1)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return place

    def commit(self, message: str = "change") -> str:
        """Commit everything that is there, and return the SHA."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


def make_repository(root: Path) -> Repository:
    """Return a new repository without a commit, whose branch is main."""
    root.mkdir(parents=True, exist_ok=True)
    repository = Repository(root)
    repository.git("init", "--quiet", "--initial-branch=main")
    return repository
