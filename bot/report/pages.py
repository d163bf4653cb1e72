"""Where on the web people can look at what a review left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.model import Run

Link = Callable[[Run], str | None]
"""Gives the URL of a run's executed notebook, None where there is none."""


def no_link(run: Run) -> None:
    """Say that there is nothing to link to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The URLs of a review: of each run's executed notebook, and of the whole report."""

    run: Link = no_link
    report: str | None = None
