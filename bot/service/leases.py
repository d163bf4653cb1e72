"""What only one worker at a time does."""

from __future__ import annotations

from sqlalchemy import Connection, text

_TAKE = text("""
    INSERT INTO leases (name, owner, until)
    VALUES (:name, :owner, now() + make_interval(secs => :seconds))
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE leases.owner = excluded.owner OR leases.until < now()
    RETURNING owner
""")


def take_lease(connection: Connection, name: str, owner: str, seconds: float) -> bool:
    """Return whether *owner*, for the next *seconds*, is the one who does what *name* says."""
    asked = {"name": name, "owner": owner, "seconds": float(seconds)}
    return connection.execute(_TAKE, asked).first() is not None


def give_lease_back(connection: Connection, owner: str) -> None:
    """Let others do at once what the owner does not do any more."""
    connection.execute(text("DELETE FROM leases WHERE owner = :owner"), {"owner": owner})
