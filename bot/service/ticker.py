"""What is done again and again, however little happens."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.errors import NbciError
from bot.service.database import Database
from bot.service.leases import take_lease

_log = logging.getLogger(__name__)

TICK = 1.0


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every so many seconds, where `is_shared` by only one of all workers."""

    name: str
    every: float
    do: Callable[[], object]
    is_shared: bool = False


@dataclass
class Ticker:
    """Does chores, each at its time; one that fails is done again at its next time."""

    database: Database
    owner: str
    chores: Sequence[Chore]
    _due: dict[str, float] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        """Do chores until *stop* is set."""
        while not stop.is_set():
            for chore in self.chores:
                now = time.monotonic()
                if now >= self._due.get(chore.name, 0.0) and not stop.is_set():
                    self._due[chore.name] = now + chore.every
                    self._do(chore)
            stop.wait(TICK)

    def _do(self, chore: Chore) -> None:
        try:
            if chore.is_shared and not self._has_turn(chore):
                return
            chore.do()
        except NbciError as error:
            _log.warning("%s: %s", chore.name, error)
        except Exception:  # noqa: BLE001 - the other chores are to be done
            _log.exception("%s has failed", chore.name)

    def _has_turn(self, chore: Chore) -> bool:
        """Return whether the chore is ours this time; a little less than its time, for the next."""
        with self.database.begin() as connection:
            return take_lease(connection, f"chore {chore.name}", self.owner, chore.every * 0.9)
