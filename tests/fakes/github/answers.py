"""What an endpoint can answer besides a value: another status, headers, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A value with a status or headers of its own; bytes are sent as they are."""

    value: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An error as GitHub answers it.

    A *mistake* is one of the client, which no state of GitHub's excuses: a text that is too long, a
    conclusion that is missing. It is recorded as a violation.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: dict[str, str] | None = None,
        mistake: bool = False,
    ) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}
        self.mistake = mistake


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def invalid(message: str, /, **about: Any) -> Refusal:
    """Return the refusal of a request that can never be right."""
    return Refusal(422, message, errors=[about] if about else None, mistake=True)


def unprocessable(message: str) -> Refusal:
    """Return the refusal of a request that does not fit what there is now."""
    return Refusal(422, message)
