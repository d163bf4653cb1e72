"""The tokens with which runs say how far they are: each good for one taking of one run."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

# What the token of a run that does not exist is compared with, so that it takes as long.
_NOBODYS = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class RunToken:
    """A token: its text goes to the run alone, its hash is what is kept."""

    text: str = field(repr=False)
    hash: bytes


def new_token() -> RunToken:
    """Return a token of 256 random bits."""
    text = secrets.token_urlsafe(32)
    return RunToken(text, token_hash(text))


def token_hash(text: str) -> bytes:
    """Return what is kept of a token. It is random enough to need neither salt nor slowness."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def is_token(text: str, kept: bytes | None) -> bool:
    """Return whether *text* is the token of which *kept* is the hash, in the same time for all.

    None is no token's hash.
    """
    is_same = hmac.compare_digest(token_hash(text), kept or _NOBODYS)
    return is_same and kept is not None
