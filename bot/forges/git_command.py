"""Starting git so that nothing a repository holds is executed and nothing of the user's is changed.

Hooks, the fsmonitor, filters and external diff programs are off, the index is never written, and
git never asks a question.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import UsageError
from bot.model import printable

_SAFE_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "diff.autoRefreshIndex": "true",
    "diff.renameLimit": "2000",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.file.allow": "never",
    "submodule.recurse": "false",
}
_NO_FILTER = {"clean": "", "smudge": "", "process": "", "required": "false"}

# Where a caller, such as a git hook, says that another repository or index is meant.
_LOCATION = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
}
_ENVIRONMENT = {
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

_PORTION_BYTES = 64_000_000
_PORTION_BLOBS = 2000


class GitFailed(UsageError):
    """Git ended with an error; `stderr` is what it said."""

    def __init__(self, arguments: Iterable[str], stderr: str) -> None:
        command = printable(" ".join(["git", *arguments]))
        lines = stderr.strip().splitlines() or ["it gave no reason"]
        super().__init__("\n".join([f"`{command}` failed:", *map(printable, lines)]))
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one folder; `filters` are the names of the filter drivers to be kept from running."""

    folder: Path
    filters: tuple[str, ...] = ()

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        index: Path | None = None,
        config: Sequence[tuple[str, str]] = (),
    ) -> bytes:
        """Return what git prints, with *index* in the place of the repository's own if given.

        *config* are settings for this one process; they are not on its command line. Raises
        GitFailed, or UsageError when there is no git on this machine.
        """
        try:
            done = subprocess.run(
                ["git", "--no-pager", *arguments],
                cwd=self.folder,
                env=self._environment(index, config),
                input=stdin,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise UsageError(
                "git is not installed, or not on the PATH; nbci needs it to read a repository"
            ) from None
        if done.returncode:
            raise GitFailed(arguments, os.fsdecode(done.stderr))
        return done.stdout

    def text(self, *arguments: str) -> str:
        """Return the one line that git prints."""
        return os.fsdecode(self.run(*arguments)).removesuffix("\n")

    def fields(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> list[str]:
        """Return what git prints between NUL bytes."""
        return os.fsdecode(self.run(*arguments, stdin=stdin, index=index)).split("\0")[:-1]

    def blobs(self, ids: Iterable[str], max_bytes: int) -> Iterator[tuple[str, bytes]]:
        """Yield id and content of the blobs that exist and have at most *max_bytes*."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return
        checked = self.run("cat-file", "--batch-check", stdin=_one_a_line(wanted))
        found = [line.split(" ") for line in checked.decode("ascii").splitlines()]
        sizes = {line[0]: int(line[2]) for line in found if len(line) == 3 and line[1] == "blob"}
        for portion in _portions({blob: n for blob, n in sizes.items() if n <= max_bytes}):
            yield from _contents(self.run("cat-file", "--batch", stdin=_one_a_line(portion)))

    def _environment(
        self, index: Path | None, settings: Sequence[tuple[str, str]]
    ) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in _LOCATION}
        chosen = {} if index is None else {"GIT_INDEX_FILE": str(index)}
        # Not `-c name=value`: the name of a filter may hold an equals sign.
        config = dict(_SAFE_CONFIG)
        for name in self.filters:
            config |= {f"filter.{name}.{key}": value for key, value in _NO_FILTER.items()}
        return kept | _ENVIRONMENT | chosen | _as_variables([*config.items(), *settings], kept)


def _as_variables(config: Sequence[tuple[str, str]], environment: dict[str, str]) -> dict[str, str]:
    """Return the variables that add *config* to the settings *environment* has for git already."""
    given = environment.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(config))}
    for number, (key, value) in enumerate(config, first):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


def _one_a_line(ids: Iterable[str]) -> bytes:
    return "".join(f"{blob}\n" for blob in ids).encode("ascii")


def _portions(sizes: dict[str, int]) -> Iterator[list[str]]:
    portion: list[str] = []
    total = 0
    for blob, size in sizes.items():
        if portion and (total + size > _PORTION_BYTES or len(portion) == _PORTION_BLOBS):
            yield portion
            portion, total = [], 0
        portion.append(blob)
        total += size
    if portion:
        yield portion


def _contents(printed: bytes) -> Iterator[tuple[str, bytes]]:
    position = 0
    while position < len(printed):
        end = printed.index(b"\n", position)
        blob, _, size = printed[position:end].decode("ascii").split(" ")
        position = end + 1 + int(size) + 1
        yield blob, printed[end + 1 : position - 1]
