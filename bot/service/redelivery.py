"""The webhooks that we missed, asked back from GitHub."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from bot.errors import NbciError
from bot.forges.github.app import GitHubApp
from bot.forges.github.app_deliveries import FailedDelivery, failed_deliveries, redeliver
from bot.service.database import Database
from bot.service.tables import cursors, deliveries

_log = logging.getLogger(__name__)

_CURSOR = "redelivery"
_LONGEST = 3 * 24 * 3600.0
"""Seconds for which GitHub keeps what it has sent:
https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks"""

_OVERLAP = 15 * 60.0
"""Seconds that are looked at once more, for what was on its way the last time."""


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Asks back what failed since the last time, each webhook once a time."""

    database: Database
    app: GitHubApp
    clock: Callable[[], float]

    def ask_back(self) -> int:
        """Have GitHub send again what we do not have; return how many webhooks that were."""
        now = self.clock()
        since = max(self._cursor(now) - _OVERLAP, now - _LONGEST)
        failed = list(failed_deliveries(self.app, since))
        missing = self._missing(failed)
        is_whole = True
        for one in missing:
            try:
                redeliver(self.app, one)
            except NbciError as error:
                _log.warning("the webhook %s cannot be asked back: %s", one.guid, error)
                is_whole = False
        if is_whole:
            self._move(now)
        if missing:
            _log.info("%s webhooks were asked back", len(missing))
        return len(missing)

    def _missing(self, failed: list[FailedDelivery]) -> list[FailedDelivery]:
        """Return what we do not have: GitHub may not have heard that we took it."""
        guids = [one.guid for one in failed]
        with self.database.begin() as connection:
            wanted = select(deliveries.c.id).where(deliveries.c.id.in_(guids))
            known = set(connection.execute(wanted).scalars())
        return [one for one in failed if one.guid not in known]

    def _cursor(self, now: float) -> float:
        with self.database.begin() as connection:
            wanted = select(cursors.c.value).where(cursors.c.name == _CURSOR)
            found = connection.execute(wanted).scalar_one_or_none()
        return now - _LONGEST if found is None else float(found)

    def _move(self, now: float) -> None:
        row = insert(cursors).values(name=_CURSOR, value=str(now))
        later = {"value": row.excluded.value}
        with self.database.begin() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=later))
