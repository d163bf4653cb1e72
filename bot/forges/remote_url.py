"""The address of a remote as something that may be shown and stored."""

from __future__ import annotations

import ipaddress
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


def is_loopback(url: str) -> bool:
    """Return whether *url* leads to this machine itself.

    >>> is_loopback("http://127.0.0.1:8080/api/v3"), is_loopback("https://github.com")
    (True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
