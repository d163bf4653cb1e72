"""People who may not command: found out once in a while, however much they write."""

from __future__ import annotations

from sqlalchemy import Connection, text

from bot.service.leases import take_lease

DEAF = 600.0
"""Seconds for which somebody is not heard, nor asked about, after they were found to be a stranger.

Whoever is given the permission to write meanwhile waits that long at most.
"""

_FIND = text("SELECT owner FROM leases WHERE name = :name AND until > now() AND owner <> :owner")
_FORGET = text("DELETE FROM leases WHERE name LIKE 'stranger %' AND until < now()")


def is_known_stranger(
    connection: Connection, repository_id: int, user_id: int, comment_id: int
) -> bool:
    """Return whether another comment has just shown that somebody may not command."""
    asked = {"name": _name(repository_id, user_id), "owner": _owner(comment_id)}
    return connection.execute(_FIND, asked).first() is not None


def note_stranger(
    connection: Connection, repository_id: int, user_id: int, comment_id: int
) -> bool:
    """Note that somebody may not command; return whether this comment is the one to be told so."""
    connection.execute(_FORGET)
    return take_lease(connection, _name(repository_id, user_id), _owner(comment_id), DEAF)


def _name(repository_id: int, user_id: int) -> str:
    return f"stranger {user_id} in {repository_id}"


def _owner(comment_id: int) -> str:
    return f"comment {comment_id}"
