"""Play a change to a small data-science repository, and let nbci plan, run and report it.

The repository is made anew, in `build/demo` or the folder that is given: its main branch is
`examples/demo/base`, and a feature branch puts `examples/demo/change` on top of that.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build" / "demo").resolve()
NBCI = Path(sys.executable).with_name("nbci")
# One notebook of the change is broken on purpose, so this is the right verdict.
A_NOTEBOOK_DID_NOT_PASS = 1


def make_repository() -> None:
    """Leave a fresh repository with the feature branch checked out."""
    shutil.rmtree(REPOSITORY, ignore_errors=True)
    write(HERE / "demo" / "base")
    git("init", "--quiet", "--initial-branch=main")
    commit("Look at the ratings and train a first model")
    git("switch", "--quiet", "--create=feature")
    write(HERE / "demo" / "change")
    commit("Judge short lists fairly, and centre the ratings before training")


def write(folder: Path) -> None:
    """Write the files of *folder* over those of the repository."""
    # With their old times of change, git would take a file of the same size for the one it knows.
    shutil.copytree(folder, REPOSITORY, copy_function=shutil.copyfile, dirs_exist_ok=True)


def commit(message: str) -> None:
    """Commit everything that is there."""
    git("add", "--all")
    git("commit", "--quiet", f"--message={message}")


def git(*arguments: str) -> None:
    """Run git in the repository, whatever the settings of the person at the keyboard."""
    identity = ["-c", "user.name=Demo", "-c", "user.email=demo@example.org"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *identity, *arguments], cwd=REPOSITORY, env=environment, check=True)


def nbci(*arguments: str) -> int:
    """Show a command of nbci as it would be typed, run it, and return its exit code."""
    print(f"\n$ nbci {shlex.join(arguments)}", flush=True)
    return subprocess.run([NBCI, *arguments], cwd=REPOSITORY, check=False).returncode


def main() -> int:
    """Return 0 when nbci found in the change what is in it."""
    make_repository()
    print(f"$ cd {shlex.quote(str(REPOSITORY))}")

    planned = nbci("plan", "--base", "main")
    verdict = nbci("run", "--base", "main", "--report", "nbci-report")

    if planned != 0 or verdict != A_NOTEBOOK_DID_NOT_PASS:
        print(f"\nThe demo failed: exit codes {planned} and {verdict} instead of 0 and 1.")
        return 1
    print(
        "\nOne notebook of this change is broken on purpose, so the exit code of nbci run is 1,"
        "\nwhich is what stops a change from being merged. Now look at the report:"
        f"\n\n    {REPOSITORY / 'nbci-report' / 'index.html'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
