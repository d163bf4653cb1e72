"""What an App signs with when it speaks for itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.errors import UsageError

_log = logging.getLogger(__name__)

_SECONDS_OF_JWT = 9 * 60
_SECONDS_BACK = 60
"""https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""

_SECONDS_OF_TRAVEL = 5.0
"""Seconds by which two clocks may seem to differ because an answer takes its time."""


class AppSignature:
    """Signs as the App itself, with a JSON Web Token for each few minutes.

    GitHub refuses one whose times do not agree with its own clock; `skew` is then by how many
    seconds ours is behind.
    """

    def __init__(self, app_id: int, key: str, clock: Callable[[], float]) -> None:
        self._app_id = app_id
        self._key = key
        self._clock = clock
        self.skew = 0.0

    def token(self) -> str:
        """Return a JSON Web Token; raises UsageError for a private key that is none."""
        now = int(self._clock() + self.skew)
        claims = {
            "iat": now - _SECONDS_BACK,
            "exp": now - _SECONDS_BACK + _SECONDS_OF_JWT,
            "iss": str(self._app_id),
        }
        try:
            return jwt.encode(claims, self._private_key, algorithm="RS256")
        except (ValueError, TypeError, UnsupportedAlgorithm, jwt.PyJWTError):
            raise UsageError(
                "NBCI_GITHUB_PRIVATE_KEY: is no RSA private key in PEM; expected what the page of"
                " the GitHub App gives under `Private keys`"
            ) from None

    # Reading it takes longer than a request.
    @cached_property
    def _private_key(self) -> RSAPrivateKey:
        key = load_pem_private_key(self._key.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError
        return key

    def renew(self, refused: str, behind: float) -> bool:
        """Return that a new one can be made, for the time that GitHub has."""
        if abs(behind - self.skew) > _SECONDS_OF_TRAVEL:
            _log.warning("the clock of this machine is %.0f s behind GitHub's", behind)
            self.skew = behind
        return True
