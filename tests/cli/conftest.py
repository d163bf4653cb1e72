import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from building.notebooks import notebook

CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("GIT_", "NBCI_", "PYTEST")) and name not in ("COLUMNS", "NO_COLOR")
}


@dataclass
class Project:
    """A git repository, and nbci called in it as a user calls it."""

    root: Path

    def write(self, name: str, content: Any) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = json.dumps(notebook(*content), indent=1)
        path.write_text(content)
        return path

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            check=True,
            capture_output=True,
            env=CLEAN,
        )
        return done.stdout.decode().strip()

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def start(
        self,
        *arguments: str,
        cwd: Path | None = None,
        stdout: Any = subprocess.PIPE,
        **env: str,
    ) -> Any:
        return subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            cwd=cwd or self.root,
            env={**CLEAN, "VIRTUAL_ENV": sys.prefix, "XDG_CACHE_HOME": str(self.cache), **env},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def nbci(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=120)
        assert "Traceback (most recent call last)" not in err, err
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def run(self, *arguments: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """Call `nbci run`; return its exit code and its JSON."""
        target = self.root.parent / "review.json"
        done = self.nbci("run", "--json", str(target), *arguments, **options)
        return done.returncode, json.loads(target.read_text()) if target.exists() else {}

    @property
    def cache(self) -> Path:
        return self.root.parent / "cache"


@pytest.fixture(autouse=True)
def _interrupts_are_heard() -> Iterator[None]:
    """Undo what a shell does for its background jobs: they, and what they start, ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[[], Project]:
    def make() -> Project:
        root = tmp_path / "project"
        root.mkdir()
        project = Project(root)
        project.git("init", "-q", "-b", "main")
        return project

    return make


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    """A repository with a base commit on main, and a branch on which to change it."""
    project = new_project()
    project.write("README.md", "# a project\n")
    project.write(".gitignore", "__pycache__/\n")
    project.write("steady.ipynb", ["print('steady')"])
    project.write("changing.ipynb", ["x = 1"])
    project.write("lib.py", "value = 1\n")
    project.write("importing.ipynb", ["import lib", "print(lib.value)"])
    project.commit("base")
    project.git("checkout", "-q", "-b", "feature")
    return project
