"""What came of a job and of each of its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Annotation:
    """An `::error::`, `::warning::` or `::notice::`; `properties` are file, line and so on."""

    level: str
    message: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass
class StepResult:
    """A step, embedded or not; `outcome` is success, failure, cancelled or skipped.

    The conclusion is the outcome, unless `continue-on-error` turned a failure into a success.
    """

    name: str
    outcome: str = "success"
    conclusion: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class JobResult:
    """A job that has ended; `outcome` is success, failure or cancelled.

    `log` is masked, as people see it. `forbidden` holds the deprecated commands that were used,
    `signals` what a step was sent because the job was cancelled, and `orphans` the command lines of
    processes that outlived their step. `steps` has embedded steps too, by id or else by name.
    """

    outcome: str
    outputs: dict[str, str]
    log: str
    annotations: list[Annotation]
    summary: str
    artifacts: dict[str, Path]
    steps: dict[str, StepResult]
    forbidden: list[str]
    signals: list[str]
    orphans: list[str]
    environment: dict[str, str]

    def annotated(self, level):
        """Return the messages of one level, for tests that look no further."""
        return [note.message for note in self.annotations if note.level == level]
