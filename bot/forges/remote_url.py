"""The address of a remote as something that may be shown and stored."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def without_credentials(url: str) -> str:
    """Return *url* without user, password, query and fragment; empty if it cannot be read.

    What is no URL (`git@host:owner/name`, a path) has no place for a password and is kept.

    >>> without_credentials("https://x-access-token:secret@github.com/o/r.git?token=secret")
    'https://github.com/o/r.git'
    >>> without_credentials("git@github.com:o/r.git")
    'git@github.com:o/r.git'
    """
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
