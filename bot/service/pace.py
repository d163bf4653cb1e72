"""How fast we may write to GitHub, counted in the database for all workers together."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert

from bot.pacing import WINDOWS
from bot.service.database import Database
from bot.service.tables import github_writes

_GRAIN = 10
_BUCKET = text(f"interval '{_GRAIN} seconds'")
_ORIGIN = text("timestamptz '2000-01-01'")


class SharedPace:
    """The account of what was written for one installation, kept for each ten seconds.

    Nothing of it is lost when a worker dies, so that a worker that dies again and again does not
    write more than it may.
    """

    def __init__(self, database: Database, installation_id: int) -> None:
        self._database = database
        self._installation_id = installation_id

    def note(self) -> None:
        """Note that something is written now."""
        with self._database.begin() as connection:
            self._note(connection)

    def delay(self, share: float) -> float:
        """Return for how many seconds not to write, when only *share* of the limits may be used."""
        with self._database.begin() as connection:
            return max(
                self._wait(connection, seconds, int(most * share)) for seconds, most in WINDOWS
            )

    def _note(self, connection: Connection) -> None:
        row = insert(github_writes).values(
            installation_id=self._installation_id,
            moment=func.date_bin(_BUCKET, func.now(), _ORIGIN),
            writes=1,
        )
        key = [github_writes.c.installation_id, github_writes.c.moment]
        more = {"writes": github_writes.c.writes + 1}
        connection.execute(row.on_conflict_do_update(index_elements=key, set_=more))

    def _wait(self, connection: Connection, seconds: float, allowed: int) -> float:
        """Return until when *allowed* requests of the last *seconds* are too many already.

        Ten seconds count as long as any part of them lies in the window.
        """
        age = func.extract("epoch", func.now() - github_writes.c.moment)
        wanted = (
            select(age, github_writes.c.writes)
            .where(
                github_writes.c.installation_id == self._installation_id,
                age < seconds + _GRAIN,
                # A clock that was set back makes nobody wait for what lies in the future.
                github_writes.c.moment <= func.now(),
            )
            .order_by(age)
        )
        written = 0
        for since, writes in connection.execute(wanted):
            written += writes
            if written >= allowed:
                return max(0.0, seconds + _GRAIN - float(since))
        return 0.0


def forget_old_writes(connection: Connection) -> None:
    """Remove what no window reaches back to."""
    old = github_writes.c.moment < func.now() - text("interval '2 hours'")
    connection.execute(github_writes.delete().where(old))
