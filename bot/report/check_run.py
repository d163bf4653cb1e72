"""What a check run holds, in GitHub's words: https://docs.github.com/rest/checks/runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bot.model import Conclusion

LONGEST_TEXT = 65_535
"""Characters that GitHub takes of a summary and of a text; we stay below it in bytes."""

LONGEST_TITLE = 255
"""Characters that GitHub takes of an annotation's title; a check run's need be no longer."""


class CheckStatus(StrEnum):
    """Where a check run stands."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What GitHub shows beside a line of a file; plain text, all of it.

    `path` is one of the repository's at the head; lines are counted from 1.
    """

    path: str
    line: int
    message: str
    title: str
    raw_details: str = ""
    level: Literal["failure", "warning", "notice"] = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A requested action: a button at the top of a check run, which GitHub tells its App about.

    GitHub takes 20 characters of label and identifier and 40 of description.
    """

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """A check run as it is to be; `summary` and `text` are Markdown, `title` is plain text.

    GitHub takes 50 annotations in a request and adds those of each to what is there.
    """

    name: str
    external_id: str
    status: CheckStatus
    conclusion: Conclusion | None
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    buttons: tuple[Button, ...] = ()
    details_url: str | None = None
