"""Keeping what a forge shows of a review in step with it, in as few requests as that takes.

A review changes with every cell that ends; people and GitHub's limits want few changes. So only the
newest state counts, what is urgent goes first, and what can wait is shown less and less often.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

from bot.errors import ForgeError, TryLater, Unanswered
from bot.forges.forge import Forge
from bot.model import Review, Run, RunState
from bot.pacing import MOST_AN_HOUR, Allowance, Pulse
from bot.publishing.appearance import Appearance, Channel, ChecksMode
from bot.publishing.memory import Memory, ShownCheck, Told
from bot.report.check_run import LONGEST_TEXT, CheckRun
from bot.report.checks import notebook_check, review_id, summary_check
from bot.report.comment import comment_markdown
from bot.report.inert import words

MOST_NOTEBOOK_CHECKS = 30
"""Runs beyond which, unless it is asked for, none has a check run of its own."""

_LONGEST_PAUSE = 60.0
"""Seconds between tries at most while GitHub does not answer."""

_LONGEST_LIMIT = 15 * 60.0
"""Seconds that we add ourselves at most where GitHub's limits are reached again and again."""

_RESERVE = 20
"""Requests of an hour that are not spent on saying that notebooks have begun."""


@dataclass(frozen=True)
class _Write:
    """Something to be shown, for which *share* of the limits may be used."""

    channel: Channel
    act: Callable[[], None]
    share: float = 1.0


class Publisher:
    """Shows reviews of one head on *forge*. Not for several threads at once, `show` aside.

    *clock* gives the seconds that `step` speaks of, *epoch* those since 1970 that limits end at.
    *memory* is that of an earlier Publisher of the same review, to go on from.
    """

    def __init__(
        self,
        forge: Forge,
        appearance: Appearance,
        *,
        pace: Allowance,
        clock: Callable[[], float],
        epoch: Callable[[], float] = time.time,
        memory: Memory | None = None,
    ) -> None:
        self._forge = forge
        self._look = appearance
        self._pace = pace
        self._clock = clock
        self._epoch = epoch
        self._latest: tuple[Review | None, int] = (None, 0)
        self._revision = 0
        self.memory = memory or Memory()
        self.problems: list[str] = []
        self.waiting_for: str = ""

    @property
    def refusals(self) -> dict[Channel, str]:
        """What the forge has refused, and will not be asked for again."""
        return self.memory.refusals

    def show(self, review: Review, revision: int | None = None) -> None:
        """Take *review* as what is to be shown from now on.

        *revision* tells this state from all others, for who goes on with the `memory`; where it is
        not given, every other value is a new state.
        """
        known, last = self._latest
        if revision is None:
            revision = last if review is known else last + 1
        self._latest = (review, revision)

    def step(self) -> float | None:
        """Write what is most urgent, if anything is; return when to come back, None if never.

        Never waits. What the forge refuses is noted in `refusals`, and not tried again.
        """
        now = self._clock()
        review, self._revision = self._latest
        if review is None:
            return None
        if now < self.memory.paused_until:
            return self.memory.paused_until
        again = self._next_pulses(review, now)
        for write in self._due(review, now):
            delay = self._pace.delay(write.share)
            if delay <= 0:
                self._perform(write)
                return max(self._clock(), self.memory.paused_until)
            again.append(now + delay)
        return min(again, default=None)

    def _perform(self, write: _Write) -> None:
        try:
            write.act()
        except TryLater as error:
            self._pause_for(max(error.at - self._epoch(), self._own_patience()))
            self.waiting_for = str(error)
        except Unanswered as error:
            self._pause_for(self.memory.pause)
            self.memory.pause = min(self.memory.pause * 2, _LONGEST_PAUSE)
            self.waiting_for = str(error)
        except ForgeError as error:
            self.refusals[write.channel] = str(error)
            self._go_on()
        else:
            self._go_on()

    def _go_on(self) -> None:
        """Note that GitHub has answered."""
        self.memory.pause = 1.0
        self.memory.limited = 0
        self.waiting_for = ""

    def _pause_for(self, seconds: float) -> None:
        self.memory.paused_until = self._clock() + seconds

    def _own_patience(self) -> float:
        """Return for how long to write nothing, whatever GitHub says: longer each time in a row.

        https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        """
        self.memory.limited += 1
        times = self.memory.limited
        return min(60.0 * 2 ** (times - 2), _LONGEST_LIMIT) if times > 1 else 1.0

    def _due(self, review: Review, now: float) -> Iterator[_Write]:
        """Yield what differs from what is shown, the most urgent first."""
        if self._look.checks is not ChecksMode.NONE and Channel.CHECKS not in self.refusals:
            yield from self._due_checks(review, now)
        else:
            yield from self._due_comment(review, now)

    def _due_checks(self, review: Review, now: float) -> Iterator[_Write]:
        if review_id(review.request) not in self.memory.shown or review.is_over:
            yield from self._summary(review)
        runs = review.runs if self._is_per_notebook(review) else ()
        ended = [run for run in runs if run.result]
        yield from self._notebooks(review, filter(_is_bad, ended))
        yield from self._due_comment(review, now)
        yield from self._notebooks(review, ended)
        if 2 * len(runs) <= MOST_AN_HOUR - _RESERVE:
            running = (run for run in runs if run.state is RunState.RUNNING)
            yield from self._notebooks(review, running, share=0.5)
        if not review.is_over and self._is_due_again(review, self.memory.summary_pulse, now):
            yield from self._summary(review, self.memory.summary_pulse)

    def _due_comment(self, review: Review, now: float) -> Iterator[_Write]:
        if not self._look.comment or Channel.COMMENT in self.refusals:
            return
        told = self.memory.commented.revision
        if told == self._revision or not (review.planned or review.is_over):
            return
        if told is None or review.is_over:
            yield _Write(Channel.COMMENT, lambda: self._comment(review))
        elif self._is_due_again(review, self.memory.comment_pulse, now):
            pulse = self.memory.comment_pulse
            yield _Write(Channel.COMMENT, lambda: self._comment(review, pulse), share=0.6)

    def _is_due_again(self, review: Review, pulse: Pulse, now: float) -> bool:
        """Whether something that is shown already is to be shown as it stands now.

        The first notebook that does not pass is news for which nobody should have to wait.
        """
        if pulse.beats >= self._most_beats(review, pulse):
            return False
        is_comment = pulse is self.memory.comment_pulse
        told = self.memory.commented if is_comment else self.memory.summarised
        return pulse.due(now) <= now or (not told.bad and _has_bad(review))

    def _most_beats(self, review: Review, pulse: Pulse) -> int:
        """Return how often progress is shown, so that few requests are made in all.

        Those are to be 12 and 2.2 for each notebook where these have check runs of their own, and
        25 where there is the summary only. To show progress takes a request for the summary and
        two for the comment.
        """
        number = len(review.runs)
        if pulse is self.memory.comment_pulse:
            return 1 + min(number // 30, 1)
        return min(1 + number // 10, 7) if self._is_per_notebook(review) else 7

    def _comment(self, review: Review, pulse: Pulse | None = None) -> None:
        if pulse:
            pulse.beat(self._clock())
        look = self._look
        self._forge.put_comment(
            lambda previous: comment_markdown(
                review,
                started=look.started,
                pages=look.pages,
                previous=previous,
                commands=look.commands,
            )
        )
        self.memory.commented = Told(self._revision, bad=_has_bad(review))

    def _notebooks(
        self, review: Review, runs: Iterable[Run], share: float = 1.0
    ) -> Iterator[_Write]:
        for run in runs:
            shown = self.memory.shown.get(run.run_id)
            if shown is None or (run.result and not shown.is_completed):
                yield _Write(Channel.CHECKS, partial(self._put_notebook, review, run), share)

    def _put_notebook(self, review: Review, run: Run) -> None:
        look = self._look
        check = notebook_check(review, run, pages=look.pages, buttons=look.buttons)
        self._put(check)

    def _summary(self, review: Review, pulse: Pulse | None = None) -> Iterator[_Write]:
        told = Told(self._revision, self.refusals.get(Channel.COMMENT), _has_bad(review))
        if self.memory.summarised.is_same(told):
            return

        def put() -> None:
            if pulse:
                pulse.beat(self._clock())
            self._put(self._summary_check(review, told.refusal))
            self.memory.summarised = told

        yield _Write(Channel.CHECKS, put, 0.6 if pulse else 1.0)

    def _put(self, check: CheckRun) -> None:
        if self.memory.shown.get(check.external_id) == ShownCheck.of(check):
            return
        # What GitHub finds fault with may be a notebook's: without that, it can still be concluded.
        for said in dict.fromkeys([check, replace(check, annotations=(), text="")]):
            try:
                self._forge.put_check(said)
                break
            except ForgeError as error:
                if getattr(error, "status", None) != HTTPStatus.UNPROCESSABLE_ENTITY:
                    raise
                # This one is not as GitHub wants it, which says nothing about the others.
                self.problems.append(str(error))
        self.memory.shown[check.external_id] = ShownCheck.of(check)

    def _summary_check(self, review: Review, refusal: str | None) -> CheckRun:
        check = summary_check(
            review,
            name=self._look.name,
            pages=self._look.pages,
            buttons=self._look.buttons,
            commands=self._look.commands,
            per_notebook=self._is_per_notebook(review),
        )
        if refusal is None:
            return check
        note = f"The comment on the pull request could not be written. {words(refusal)}\n\n"
        summary = note + check.summary
        return replace(check, summary=summary) if len(summary) <= LONGEST_TEXT else check

    def _is_per_notebook(self, review: Review) -> bool:
        if self._look.checks is ChecksMode.AUTO:
            return len(review.runs) <= MOST_NOTEBOOK_CHECKS
        return self._look.checks is ChecksMode.PER_NOTEBOOK

    def _next_pulses(self, review: Review, now: float) -> list[float]:
        """Return when progress is to be shown next: never, where all that is to come is news."""
        if review.is_over:
            return []
        return [
            due
            for pulse in (self.memory.summary_pulse, self.memory.comment_pulse)
            if pulse.beats < self._most_beats(review, pulse) and (due := pulse.due(now)) > now
        ]


def _is_bad(run: Run) -> bool:
    return run.outcome is not None and not run.outcome.is_good


def _has_bad(review: Review) -> bool:
    return any(map(_is_bad, review.runs))
