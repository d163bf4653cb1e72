"""Keeping what a forge shows of a review in step with it, in as few requests as that takes.

A review changes with every cell that ends; people and GitHub's limits want few changes. So only the
newest state counts, what is urgent goes first, and what can wait is shown less and less often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus

from bot.errors import ForgeError, TryLater, Unanswered
from bot.forges.forge import Forge
from bot.model import Review, Run, RunState
from bot.pacing import Pace, Pulse
from bot.report.check_run import CheckRun
from bot.report.checks import notebook_check, summary_check
from bot.report.comment import comment_markdown
from bot.report.pages import Pages

MOST_NOTEBOOK_CHECKS = 30
"""Runs beyond which, unless it is asked for, none has a check run of its own."""

_LONGEST_PAUSE = 60.0


class ChecksMode(StrEnum):
    """Which check runs there are."""

    AUTO = "auto"
    PER_NOTEBOOK = "per-notebook"
    SUMMARY = "summary"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """How a review is shown.

    `name` is that of the summary check run; `started` is when the review began, in seconds since
    the epoch; `commands` and `buttons` say whether somebody listens to them.
    """

    name: str
    started: float
    checks: ChecksMode = ChecksMode.AUTO
    comment: bool = True
    pages: Pages = field(default_factory=Pages)
    commands: bool = False
    buttons: bool = False


class Channel(StrEnum):
    """What a forge may refuse independently of the other."""

    CHECKS = "checks"
    COMMENT = "comment"


@dataclass(frozen=True)
class _Write:
    """Something to be shown: `share` of the limits may be used for it, `done` notes that it was."""

    channel: Channel
    act: Callable[[], None]
    share: float = 1.0


class Publisher:
    """Shows reviews of one head on *forge*. Not for several threads at once, `show` aside."""

    def __init__(
        self, forge: Forge, appearance: Appearance, *, pace: Pace, clock: Callable[[], float]
    ) -> None:
        self._forge = forge
        self._look = appearance
        self._pace = pace
        self._clock = clock
        self._review: Review | None = None
        self._shown: dict[str, CheckRun] = {}
        self._commented: Review | None = None
        self._paused_until = 0.0
        self._pause = 1.0
        self._summary_pulse = Pulse(first=5, factor=2, longest=300, times=8)
        self._comment_pulse = Pulse(first=10, factor=6, longest=300, times=2)
        self.refusals: dict[Channel, str] = {}
        self.problems: list[str] = []
        self.waiting_for: str = ""

    def show(self, review: Review) -> None:
        """Take *review* as what is to be shown from now on."""
        self._review = review

    def step(self) -> float | None:
        """Write what is most urgent, if anything is; return when to come back, None if never.

        Never waits. What the forge refuses is noted in `refusals`, and not tried again.
        """
        review, now = self._review, self._clock()
        if review is None:
            return None
        if now < self._paused_until:
            return self._paused_until
        for write in self._due(review, now):
            delay = self._pace.delay(write.share)
            if delay > 0:
                return now + delay
            self._perform(write)
            return self._clock() if now >= self._paused_until else self._paused_until
        return self._next_pulse(review, now)

    def _perform(self, write: _Write) -> None:
        try:
            write.act()
        except TryLater as error:
            self._paused_until = error.at
            self.waiting_for = str(error)
        except Unanswered as error:
            self._paused_until = self._clock() + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            self.waiting_for = str(error)
        except ForgeError as error:
            self.refusals[write.channel] = str(error)
        else:
            self._pause = 1.0
            self.waiting_for = ""

    def _due(self, review: Review, now: float) -> Iterator[_Write]:
        """Yield what differs from what is shown, the most urgent first."""
        if self._look.checks is not ChecksMode.NONE and Channel.CHECKS not in self.refusals:
            yield from self._due_checks(review, now)
        elif self._wants_comment:
            yield from self._due_comment(review, now)

    def _due_checks(self, review: Review, now: float) -> Iterator[_Write]:
        summary = self._summary(review)
        is_first = summary.external_id not in self._shown
        if is_first or review.is_over:
            yield from self._check(summary)
        ended = [run for run in self._own_checks(review) if run.result]
        bad = [run for run in ended if run.outcome and not run.outcome.is_good]
        yield from self._notebook_checks(review, bad)
        if self._wants_comment:
            yield from self._due_comment(review, now)
        yield from self._notebook_checks(review, ended)
        running = [run for run in self._own_checks(review) if run.state is RunState.RUNNING]
        begun = [run for run in running if run.run_id not in self._shown]
        yield from self._notebook_checks(review, begun, share=0.5)
        due = self._summary_pulse.due(now)
        if not is_first and due is not None and due <= now:
            yield from self._check(summary, share=0.6, pulse=self._summary_pulse)

    @property
    def _wants_comment(self) -> bool:
        return self._look.comment and Channel.COMMENT not in self.refusals

    def _due_comment(self, review: Review, now: float) -> Iterator[_Write]:
        if self._commented is review:
            return
        due = self._comment_pulse.due(now)
        is_due = due is not None and due <= now
        if self._commented is None or review.is_over or is_due:
            share = 1.0 if review.is_over else 0.6
            yield _Write(Channel.COMMENT, lambda: self._comment(review), share)

    def _comment(self, review: Review) -> None:
        if self._commented is not None and not review.is_over:
            self._comment_pulse.beat(self._clock())
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
        self._commented = review

    def _notebook_checks(
        self, review: Review, runs: list[Run], share: float = 1.0
    ) -> Iterator[_Write]:
        for run in runs:
            shown = self._shown.get(run.run_id)
            if shown is None or (run.result and shown.conclusion is None):
                look = self._look
                check = notebook_check(review, run, pages=look.pages, buttons=look.buttons)
                yield from self._check(check, share)

    def _check(
        self, check: CheckRun, share: float = 1.0, pulse: Pulse | None = None
    ) -> Iterator[_Write]:
        if self._shown.get(check.external_id) == check:
            return

        def put() -> None:
            if pulse:
                pulse.beat(self._clock())
            try:
                self._forge.put_check(check)
            except ForgeError as error:
                if getattr(error, "status", None) != HTTPStatus.UNPROCESSABLE_ENTITY:
                    raise
                self.problems.append(str(error))
            self._shown[check.external_id] = check

        yield _Write(Channel.CHECKS, put, share)

    def _summary(self, review: Review) -> CheckRun:
        check = summary_check(
            review,
            name=self._look.name,
            pages=self._look.pages,
            buttons=self._look.buttons,
            commands=self._look.commands,
            per_notebook=self._is_per_notebook(review),
        )
        missing = self.refusals.get(Channel.COMMENT)
        if missing is None:
            return check
        note = f"The comment on the pull request could not be written. {missing}\n\n"
        return replace(check, summary=note + check.summary)

    def _own_checks(self, review: Review) -> tuple[Run, ...]:
        return review.runs if self._is_per_notebook(review) else ()

    def _is_per_notebook(self, review: Review) -> bool:
        if self._look.checks is ChecksMode.AUTO:
            return len(review.runs) <= MOST_NOTEBOOK_CHECKS
        return self._look.checks is ChecksMode.PER_NOTEBOOK

    def _next_pulse(self, review: Review, now: float) -> float | None:
        """Return when progress is to be shown next, None when all that is left to come is news."""
        if review.is_over:
            return None
        pulses = [self._summary_pulse.due(now), self._comment_pulse.due(now)]
        return min((due for due in pulses if due is not None and due > now), default=None)
