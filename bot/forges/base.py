"""What the rest of nbci asks of the place that a review's files come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bot.model import JsonValue, ReviewRequest
from bot.planning.source import Change, ChangeKind, Entry, EntryKind, Source

__all__ = ["Change", "ChangeKind", "Checkout", "Entry", "EntryKind", "Source"]


class Checkout(Protocol):
    """A folder on this machine whose notebooks can be reviewed."""

    @property
    def root(self) -> Path:
        """The folder that the paths of notebooks are relative to, absolute."""

    @property
    def identity(self) -> str:
        """What names this repository everywhere: its remote's URL without credentials, or root."""

    def request(
        self,
        base: str | None = None,
        head: str | None = None,
        *,
        notebooks: Sequence[str] = (),
        everything: bool = False,
        parameters: Mapping[str, JsonValue] | None = None,
    ) -> ReviewRequest:
        """Return the request in which *base* and *head*, names that git knows, are commit SHAs.

        Without *head* the working tree is reviewed. Raises UsageError when a name means nothing
        or what to compare with cannot be told.
        """

    def source(self, request: ReviewRequest) -> Source:
        """Return the files that *request* is about."""

    def export(self, request: ReviewRequest, folder: Path) -> None:
        """Write a clean copy of the files into *folder*, which must be empty or not exist.

        Files that git ignores are left out, symlinks are copied as symlinks, and nothing in the
        copy shares its storage with the checkout in a way that writing to it would show.
        """

    def describe(self, request: ReviewRequest) -> str:
        """Return one line that says what is reviewed against what."""
