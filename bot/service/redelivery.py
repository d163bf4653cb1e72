"""The webhooks that we missed, asked back from GitHub."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from bot.errors import TryLater, Unanswered
from bot.forges.github.api import Refused
from bot.forges.github.app import GitHubApp
from bot.forges.github.app_deliveries import FailedDelivery, redeliver, sent_since
from bot.service.database import Database
from bot.service.tables import cursors, deliveries

_log = logging.getLogger(__name__)

_CURSOR = "redelivery"
_LONGEST = 3 * 24 * 3600.0
"""Seconds for which GitHub keeps what it has sent:
https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks"""

_OVERLAP = 15 * 60.0
"""Seconds that are looked at once more, for what was on its way the last time."""


_REFUSED_FOR_GOOD = (400, 413, 415)
"""How the web answers what it would not take a second time either."""


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Asks back what failed since the last time, each webhook once a time."""

    database: Database
    app: GitHubApp
    clock: Callable[[], float]

    def ask_back(self) -> int:
        """Have GitHub send again what we do not have; return how many webhooks that were.

        While what was asked for fails again, it is one each time, in turn: requests that the App
        may send to GitHub are not spent on webhooks that nobody takes.
        """
        now = self.clock()
        sent = sent_since(self.app, max(self._cursor(now) - _OVERLAP, now - _LONGEST))
        missing = [one for one in self._missing(sent.failed) if not _is_hopeless(one)]
        asked = self._ask(missing[-1:] if sent.is_asked_in_vain else missing)
        if asked == len(missing):
            self._move(now)
        if missing:
            _log.info("%s of %s missed webhooks were asked back", asked, len(missing))
        return asked

    def _ask(self, wanted: Sequence[FailedDelivery]) -> int:
        """Ask for webhooks, and return how many of them need not be asked for once more."""
        for number, one in enumerate(wanted):
            try:
                redeliver(self.app, one)
            except Refused as error:
                # It is too old, or was removed: nothing that asking again would change.
                _log.warning("the webhook %s cannot be asked back: %s", one.guid, error)
            except (TryLater, Unanswered) as error:
                _log.warning("no more webhooks can be asked back now: %s", error)
                return number
        return len(wanted)

    def _missing(self, failed: Sequence[FailedDelivery]) -> list[FailedDelivery]:
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


def _is_hopeless(one: FailedDelivery) -> bool:
    return one.is_redelivery and one.status in _REFUSED_FOR_GOOD
