"""What a request to GitHub is signed with."""

from __future__ import annotations

from typing import Protocol


class Credentials(Protocol):
    """Gives the token of a request, and another one where that is not accepted."""

    def token(self) -> str:
        """Return the token to use now; raises what asking for one does."""

    def renew(self, refused: str, behind: float) -> bool:
        """Return whether there is another token now, after GitHub did not accept *refused*.

        Our clock was *behind* GitHub's by so many seconds.
        """


class FixedToken:
    """One token and no other."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """Return the token."""
        return self._token

    def renew(self, refused: str, behind: float) -> bool:
        """Return that there is no other."""
        return False
