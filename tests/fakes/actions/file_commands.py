"""Reads the files in which steps leave outputs, variables, the path and the job summary.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

from __future__ import annotations

import uuid
from pathlib import Path

FILES = {
    "GITHUB_ENV": "set_env",
    "GITHUB_OUTPUT": "set_output",
    "GITHUB_PATH": "add_path",
    "GITHUB_STATE": "save_state",
    "GITHUB_STEP_SUMMARY": "step_summary",
}
LARGEST_SUMMARY = 1024 * 1024


class MalformedFile(Exception):
    """What a step left in one of its files cannot be read."""


def create_files(folder):
    """Return the empty files for one step, by the variables that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = uuid.uuid4()
    paths = {name: folder / f"{prefix}_{suffix}" for name, prefix in FILES.items()}
    for path in paths.values():
        path.touch()
    return paths


def read_pairs(path):
    """Return the names and values in a file of `NAME=VALUE` and `NAME<<DELIMITER` entries.

    Raises MalformedFile where the runner fails the step.
    """
    lines = iter(_read(path).split("\n"))
    pairs = {}
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            pairs[line[:equals]] = line[equals + 1 :]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            if not name or not delimiter:
                raise MalformedFile(f"Invalid format '{line}'. Name and delimiter are required")
            pairs[name] = _heredoc(lines, delimiter)
        else:
            raise MalformedFile(f"Invalid format '{line}'")
    return pairs


def _heredoc(lines, delimiter):
    value = []
    for line in lines:
        if line == delimiter:
            return "\n".join(value)
        value.append(line)
    raise MalformedFile(f"Invalid value. Matching delimiter not found '{delimiter}'")


def read_path(path):
    """Return the folders that a step put before the others, in the order written."""
    return [line for line in _read(path).replace("\r\n", "\n").split("\n") if line]


def read_summary(path):
    """Return what a step wrote for the job summary; MalformedFile where it is too large."""
    size = path.stat().st_size if path.exists() else 0
    if size > LARGEST_SUMMARY:
        raise MalformedFile(
            "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of "
            f"{LARGEST_SUMMARY // 1024}k, got {size // 1024}k."
        )
    return _read(path)


def _read(path: Path):
    if path.is_symlink():
        raise MalformedFile(f"Refusing to access symbolic link at '{path}'.")
    return path.read_bytes().decode(errors="replace") if path.exists() else ""
