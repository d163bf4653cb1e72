"""A worker: jobs of the queue, chores, and the runs of the backend, in one process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_log = logging.getLogger(__name__)

Loop = Callable[[threading.Event], None]
"""Goes on until the event is set."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Runs the *queue* in the thread that calls, and each of *loops* in a thread of its own.

    *patience* is for how many seconds the loops may take to end.
    """

    queue: Loop
    loops: Sequence[tuple[str, Loop]]
    patience: float

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set, and finish what was begun.

        A loop that ends by itself has failed: the worker ends then, for its supervisor to begin
        it anew.
        """
        threads = [
            threading.Thread(target=self._guarded, args=(name, loop, stop), name=name)
            for name, loop in self.loops
        ]
        for thread in threads:
            thread.start()
        try:
            self.queue(stop)
        finally:
            stop.set()
            for thread in threads:
                thread.join(self.patience)

    @staticmethod
    def _guarded(name: str, loop: Loop, stop: threading.Event) -> None:
        try:
            loop(stop)
        finally:
            if not stop.is_set():
                _log.error("%s has ended by itself: this worker ends", name)
                stop.set()
