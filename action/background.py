"""A thread that keeps GitHub up to date while notebooks run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot.model import Review
from bot.publishing import Publisher

_LONGEST_WAIT = 3600.0
_LOOK_AGAIN = 0.5


class Background:
    """Lets *publisher* work in a thread of its own: a slow answer holds up no notebook.

    `say` is told, in one line each, when GitHub makes us wait.
    """

    def __init__(self, publisher: Publisher, say: Callable[[str], None]) -> None:
        self._publisher = publisher
        self._say = say
        self._wake = threading.Condition()
        self._news = False
        self._deadline: float | None = None
        self._error: BaseException | None = None
        self._is_settled = False
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def show(self, review: Review) -> None:
        """Have *review* shown as soon as may be."""
        with self._wake:
            self._publisher.show(review)
            self._news = True
            self._wake.notify()

    def finish(self, patience: Callable[[], float]) -> bool:
        """Wait until everything is shown, and return whether it is.

        *patience* says how many seconds it may still take, and may change its mind. Raises what
        went wrong in the thread, if anything did.
        """
        while self._thread.is_alive() and (left := patience()) > 0:
            with self._wake:
                self._deadline = time.monotonic() + left
                self._wake.notify()
            self._thread.join(min(left, _LOOK_AGAIN))
        if self._error is not None:
            raise self._error
        return self._is_settled

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - it is raised again by finish
            self._error = error

    def _work(self) -> None:
        told = ""
        while True:
            again = self._publisher.step()
            if self._publisher.waiting_for and self._publisher.waiting_for != told:
                told = self._publisher.waiting_for
                self._say(_patience(told, again))
            with self._wake:
                if self._deadline is not None and (again is None or again > self._deadline):
                    self._is_settled = again is None
                    return
                seconds = _LONGEST_WAIT if again is None else again - time.monotonic()
                if not self._news and seconds > 0:
                    self._wake.wait(min(seconds, _LONGEST_WAIT))
                self._news = False


def _patience(reason: str, again: float | None) -> str:
    if again is None:
        return reason
    return f"{reason}; trying again in {max(again - time.monotonic(), 0):.0f} s"
