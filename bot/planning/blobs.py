"""Git's name for a content."""

from __future__ import annotations

import hashlib


def blob_id(data: bytes, like: str = "") -> str:
    """Return git's id of *data*, in the hash (SHA-1 or SHA-256) that the id *like* is of.

    >>> blob_id(b"")
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    algorithm = "sha256" if len(like) == 64 else "sha1"
    digest = hashlib.new(algorithm, b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()
