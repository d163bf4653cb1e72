"""The commands, and what is replied to somebody whose command is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.errors import UsageError
from bot.model import JsonValue

USAGE = """\
nbci runs the Jupyter notebooks of a pull request and reports here how each went. To tell it what \
to do, begin a line of a comment with `/nbci`:

| Command | What it does |
|-|-|
| `/nbci run` | runs the notebooks that this pull request changes or affects |
| `/nbci run report.ipynb "my folder/"` | runs these notebooks, and those in these folders |
| `/nbci run failed` | runs again what did not pass |
| `/nbci run all` | runs all notebooks of the repository |
| `/nbci cancel` | stops what is running |
| `/nbci status` | says how far it is |
| `/nbci help` | shows this |

More can be said after `/nbci run`:

| Option | What it does |
|-|-|
| `-p NAME=VALUE` | sets a parameter in each notebook, such as `-p year=2025`; can be repeated |
| `--compute NAME` | runs the notebooks on the compute of that name |
| `--sha SHA` | runs nothing unless this is still the latest commit of the pull request |

Commands are taken from people who may write to this repository.
"""


class CommandError(UsageError):
    """A line is addressed to nbci and is no command; the text is a reply in Markdown.

    `problem` is the sentence that says what is wrong, without the usage that follows it.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}\n\n{USAGE}")
        self.problem = problem


class RunScope(StrEnum):
    """Which notebooks a run is asked for."""

    CHANGED = "changed"
    FAILED = "failed"
    ALL = "all"
    PATHS = "paths"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCommand:
    """`/nbci run`: `paths` are notebooks, folders or patterns, given with `RunScope.PATHS` only.

    They are relative to the top of the repository and never lead out of it. `sha` is the beginning
    of a commit's name, in lower case, at least 7 digits of it.
    """

    scope: RunScope = RunScope.CHANGED
    paths: tuple[str, ...] = ()
    compute: str | None = None
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    sha: str | None = None


@dataclass(frozen=True, slots=True)
class CancelCommand:
    """`/nbci cancel`."""


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """`/nbci status`."""


@dataclass(frozen=True, slots=True)
class HelpCommand:
    """`/nbci help`."""


Command = RunCommand | CancelCommand | StatusCommand | HelpCommand
