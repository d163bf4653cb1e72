"""The nouns of nbci: plain values that every other module speaks in.

Paths of notebooks are POSIX paths relative to the top of the repository, as text decoded with
`os.fsdecode`: bytes that are not UTF-8 are lone surrogates there, which `os.fsencode` turns back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from typing_extensions import TypeAliasType

# Named, so that it can speak of itself where types are looked at while the program runs.
JsonValue = TypeAliasType(
    "JsonValue", "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
)


class Outcome(StrEnum):
    """How a run ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    DIED = "died"
    LOST = "lost"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    REJECTED = "rejected"

    @property
    def is_good(self) -> bool:
        """Whether a review with this outcome may be green."""
        return self in (Outcome.PASSED, Outcome.SKIPPED)


_THE_NOTEBOOKS_OWN = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DIED)


class Conclusion(StrEnum):
    """How a review or a run ended, in the words of a GitHub check run."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    ACTION_REQUIRED = "action_required"


class RunState(StrEnum):
    """Where a run stands."""

    WAITING = "waiting"
    SUBMITTED = "submitted"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a notebook is to be run, after the configuration's defaults and rules were applied.

    Times are in seconds, sizes in bytes; None means no limit of that kind. `environment` is the
    path of a requirements or conda file in the repository; `preload` names modules that a kernel
    may find imported already.
    """

    backend: str = "local"
    kernel: str | None = None
    environment: str | None = None
    timeout: float = 30 * 60.0
    cell_timeout: float | None = None
    memory_limit: int | None = None
    allow_failure: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A notebook that a change makes us run, and why, in words for people."""

    notebook: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A notebook that a change touches and that is not run, and why."""

    notebook: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which notebooks a change makes us run; both parts are ordered by path."""

    selected: tuple[Selected, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """What a cell raised, and where.

    `number` counts all cells of the source notebook from 1, None when it was no cell of it (the
    injected parameters, the start of the kernel). `cell_line` counts the lines of the cell's source
    from 1; `line` counts those of the notebook's file. `traceback` may hold ANSI escapes.
    """

    number: int | None
    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()
    source: str = ""
    cell_line: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run has come: code cells done of those to run, and the cell it is in.

    `cell` counts all cells from 1, `cell_seconds` is how long that cell has been running.
    """

    cells_done: int = 0
    cells_total: int = 0
    cell: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTiming:
    """How one code cell went: `outcome` is passed, failed, timed_out, died or skipped."""

    number: int
    seconds: float
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run ended.

    `message` says it in one line. `executed_notebook` is the path of the executed notebook, partial
    when the run did not reach its end, inside the folder the result was collected into; None
    when there is none. `log` is the tail of what the kernel wrote outside of any cell.
    """

    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    cells_done: int = 0
    cells_total: int = 0
    failing_cell: CellError | None = None
    cells: tuple[CellTiming, ...] = ()
    executed_notebook: str | None = None
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One notebook with one set of parameters inside a review; `attempt` counts from 1."""

    run_id: str
    notebook: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    options: RunOptions = field(default_factory=RunOptions)
    attempt: int = 1
    state: RunState = RunState.WAITING
    progress: Progress = field(default_factory=Progress)
    result: RunResult | None = None

    def ended(self, result: RunResult) -> Run:
        """Return the run as it stands after *result*."""
        return replace(self, state=RunState.ENDED, result=result)

    @property
    def outcome(self) -> Outcome | None:
        """How the run ended, None while it has not."""
        return self.result.outcome if self.result else None

    @property
    def is_excused(self) -> bool:
        """Whether the notebook failed, and may: what was not really run is never excused."""
        return self.options.allow_failure and self.outcome in _THE_NOTEBOOKS_OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """What somebody wants evaluated: a head commit of a repository, or its working tree.

    `base` and `head` are commit SHAs; `head` is None where there is no commit to name (a working
    tree is reviewed against `base`; outside of git both are None). `ref` names the pull request or
    branch. `merge` is the commit whose files are run where those are not the head's own: the head
    merged into its base, which is what GitHub Actions checks out. `notebooks` are the paths asked
    for by name; empty means what the change affects, or with `everything` all notebooks. `timeout`,
    in seconds, and `backend` replace what the configuration says for each notebook. `attempt` is
    that of the review's runs: a review that is to run anew what an earlier one has run takes the
    next.
    """

    repository: str
    ref: str = ""
    base: str | None = None
    head: str | None = None
    merge: str | None = None
    working_tree: bool = False
    everything: bool = False
    notebooks: tuple[str, ...] = ()
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    timeout: float | None = None
    backend: str | None = None
    variant: str = ""
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why nothing was run, for the person who can mend it.

    `title` says it in one line; `details` are lines of plain text that say what exactly and what to
    do, with names between backticks. A detail about a line of a file begins with `path:line: `.
    """

    conclusion: Conclusion
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The evaluation of one head: which notebooks, and how each went.

    `cancelled` says why the review was given up, where it was; `problem` why it could not begin.
    """

    request: ReviewRequest
    runs: tuple[Run, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    planned: bool = False
    cancelled: str | None = None
    problem: Problem | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        if self.problem:
            return True
        return self.planned and all(run.state is RunState.ENDED for run in self.runs)

    @property
    def was_cut_short(self) -> bool:
        """Whether it was given up before every notebook had ended."""
        was_cancelled = any(run.outcome is Outcome.CANCELLED for run in self.runs)
        return self.cancelled is not None and (was_cancelled or not self.runs)

    @property
    def conclusion(self) -> Conclusion | None:
        """The verdict, None while there is none.

        Green only when each run has ended and passed; a run with `allow_failure` may have failed.
        """
        if self.problem:
            return self.problem.conclusion
        if not self.is_over:
            return None
        if self.was_cut_short:
            return Conclusion.CANCELLED
        outcomes = [run.outcome for run in self.runs if not run.is_excused]
        if all(outcome is not None and outcome.is_good for outcome in outcomes):
            return Conclusion.SUCCESS
        if any(outcome is Outcome.CANCELLED for outcome in outcomes) and all(
            outcome is Outcome.CANCELLED or (outcome and outcome.is_good) for outcome in outcomes
        ):
            return Conclusion.CANCELLED
        return Conclusion.FAILURE


def run_id(
    request: ReviewRequest, notebook: str, parameters: Mapping[str, JsonValue], attempt: int
) -> str:
    """Return the name under which a run is known everywhere, the same for the same arguments."""
    identity = json.dumps(
        [
            request.repository,
            request.ref,
            request.head,
            notebook,
            sorted(parameters.items()),
            attempt,
            *([request.variant] if request.variant else ()),
        ]
    )
    return "nbci-" + hashlib.sha256(identity.encode()).hexdigest()[:32]


def printable(text: str) -> str:
    r"""Return *text* on one line without characters that could move, hide or reverse what follows.

    Control and format characters (newline, escape, right-to-left marks) and bytes that are not
    UTF-8 become backslash escapes: a path or name stays recognisable and cannot pose as another.

    >>> print(printable("a\nb\u202e.ipynb"))
    a\nb\u202e.ipynb
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
