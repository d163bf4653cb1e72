"""Let `nbci plan` and `nbci run` plan, run and report a change to a small repository of notebooks.

The repository is made anew, in `build/demo-cli` or the folder that is given.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from film_club import HERE, make_film_club

NBCI = Path(sys.executable).with_name("nbci")
# One notebook of the change is broken on purpose, so this is the right verdict.
A_NOTEBOOK_DID_NOT_PASS = 1


def nbci(*arguments: str, folder: Path) -> int:
    """Show a command of nbci as it would be typed, run it, and return its exit code."""
    print(f"\n$ nbci {shlex.join(arguments)}", flush=True)
    return subprocess.run([NBCI, *arguments], cwd=folder, check=False).returncode


def main() -> int:
    """Return 0 when nbci found in the change what is in it."""
    given = sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build" / "demo-cli"
    folder = Path(given).resolve()
    make_film_club(folder)
    print(f"$ cd {shlex.quote(str(folder))}")

    planned = nbci("plan", "--base", "main", folder=folder)
    verdict = nbci("run", "--base", "main", "--report", "nbci-report", folder=folder)

    if planned != 0 or verdict != A_NOTEBOOK_DID_NOT_PASS:
        print(f"\nThe demo failed: exit codes {planned} and {verdict} instead of 0 and 1.")
        return 1
    print(
        "\nOne notebook of this change is broken on purpose, so the exit code of nbci run is 1,"
        "\nwhich is what stops a change from being merged. Now look at the report:"
        f"\n\n    {folder / 'nbci-report' / 'index.html'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
