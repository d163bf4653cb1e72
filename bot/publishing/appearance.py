"""How a review is shown, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.report.pages import Pages


class ChecksMode(StrEnum):
    """Which check runs there are."""

    AUTO = "auto"
    PER_NOTEBOOK = "per-notebook"
    SUMMARY = "summary"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """How a review is shown.

    `name` is that of the summary check run; `started` is when the review began, in seconds since
    the epoch; `commands` and `buttons` say whether somebody listens to them.
    """

    name: str
    started: float
    checks: ChecksMode = ChecksMode.AUTO
    comment: bool = True
    pages: Pages = field(default_factory=Pages)
    commands: bool = False
    buttons: bool = False


class Channel(StrEnum):
    """What a forge may refuse independently of the other."""

    CHECKS = "checks"
    COMMENT = "comment"
