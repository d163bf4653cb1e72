"""Runs the steps of one job, and those of composite actions, in the runner's order and way.

https://github.com/actions/runner, StepsRunner.cs and CompositeActionHandler.cs
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fakes.actions.artifacts import Artifacts, UploadRefused
from fakes.actions.caches import Caches
from fakes.actions.checkout import CheckoutFailed
from fakes.actions.execution import StepFailed, execute
from fakes.actions.expressions import ExpressionError, Scope
from fakes.actions.functions import hash_files
from fakes.actions.processes import Patience, Script, end_orphans
from fakes.actions.results import Annotation, StepResult
from fakes.actions.values import Insensitive, Sensitive, as_text
from fakes.actions.workflow_commands import JobLog


@dataclass
class Steps:
    """Steps that run one after the other: a job's own, or those of one use of a composite action.

    `overrides` are the variables that the step with the action was given by its `env:`.
    """

    contexts: dict
    overrides: dict[str, str] = field(default_factory=dict)
    embedded: bool = False
    status: str = "success"
    results: Insensitive = field(default_factory=Insensitive)


@dataclass
class Active:
    """A step that is running; embedded ones beside the step that embeds them."""

    scope: Scope
    condition: object
    steps: Steps
    cancelled: bool = False
    script: Script | None = None


@dataclass
class Job:
    """A job on its runner. All of its state; `run` and `cancel` may be called from two threads."""

    workspace: Path
    temp: Path
    github: Insensitive
    runner: Insensitive
    contexts: dict
    machine: dict[str, str]
    actions: dict[str, Path]
    caches: Caches
    artifacts: Artifacts
    patience: Patience
    environment: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    status: str = "success"
    log: JobLog = field(default_factory=JobLog)
    annotations: list[Annotation] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    steps: dict[str, StepResult] = field(default_factory=dict)
    signals: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    tracking_id: str = field(default_factory=lambda: f"github_{uuid.uuid4()}")

    def __post_init__(self):
        self._lock = threading.RLock()
        self._active = []
        self._posts = []

    def run(self, steps):
        """Run the steps of the job, then what its actions left to do at its end."""
        outer = self._outer_steps()
        try:
            for step in steps:
                self.run_step(step, outer)
                self.annotations += self.log.take_issues()
        finally:
            for post in reversed(self._posts):
                post()
            self.orphans += end_orphans(self.tracking_id)

    def scope(self):
        """Return what the expressions of the job itself see."""
        return self.scope_of(self._outer_steps())

    def cancel(self):
        """Cancel the job: end each step that its `if:` does not keep running."""
        with self._lock:
            self.status = "cancelled"
            for active in self._active:
                if active.steps.embedded:
                    active.steps.status = "cancelled"
                if not active.scope.holds(active.condition):
                    active.cancelled = True
                    if active.script is not None:
                        active.script.cancel()

    def start_script(self, active, **script):
        """Start the script of a step and return it; ended at once if the job was cancelled."""
        with self._lock:
            active.script = Script(
                read=self.log.read, patience=self.patience, signals=self.signals, **script
            )
            if active.cancelled:
                active.script.cancel()
        return active.script

    def _outer_steps(self):
        contexts = {**self.contexts, "github": self.github, "runner": self.runner}
        return Steps(contexts=contexts)

    def add_post(self, post: Callable[[], object]):
        """Have *post* called when the steps have run."""
        self._posts.append(post)

    def run_step(self, step, steps):
        """Run one step of *steps*, if its `if:` says so, and note how it ended."""
        result = StepResult(name=as_text(step.get("name") or step.get("uses") or step.get("run")))
        scope = self.scope_of(steps)
        active = Active(scope, step.get("if", ""), steps)
        try:
            own = {key: scope.interpolate(value) for key, value in step.get("env", {}).items()}
            scope.contexts["env"] |= own
            with self._lock:
                if not scope.holds(active.condition):
                    result.outcome = "skipped"
                    return
                self._active.append(active)
            execute(self, step, active, {**steps.overrides, **own}, result)
            if active.cancelled and "run" in step:
                result.outcome = "cancelled"
        except (StepFailed, UploadRefused, CheckoutFailed, ExpressionError) as error:
            self.log.annotate_error(str(error))
            result.outcome = "failure"
        finally:
            if active in self._active:
                self._active.remove(active)
            self._conclude(step, scope, steps, result)

    def _conclude(self, step, scope, steps, result):
        keeps_on = scope.interpolate(step.get("continue-on-error", False)) == "true"
        tolerated = keeps_on and result.outcome == "failure"
        result.conclusion = "success" if tolerated else result.outcome
        if result.conclusion in ("failure", "cancelled"):
            self._worsen(steps, result.conclusion)
        self.steps[step.get("id") or result.name] = result
        if "id" in step:
            steps.results[step["id"]] = Insensitive({
                "outcome": result.outcome,
                "conclusion": result.conclusion,
                "outputs": Insensitive(result.outputs),
            })  # fmt: skip

    def _worsen(self, steps, conclusion):
        if steps.embedded:
            steps.status = conclusion if steps.status == "success" else steps.status
        elif self.status == "success":
            self.status = conclusion

    def scope_of(self, steps):
        """Return what the expressions of a step see, which `cancelled()` asks anew each time."""
        contexts = {
            **steps.contexts,
            "env": Sensitive({**self.environment, **steps.overrides}),
            "steps": steps.results,
            "job": Insensitive({"status": self.status}),
        }

        def status():
            return steps.status if steps.embedded else self.status

        functions = {
            "always": lambda: True,
            "cancelled": lambda: self.status == "cancelled",
            "failure": lambda: status() == "failure",
            "hashFiles": hash_files(self.workspace),
            "success": lambda: status() == "success",
        }
        return Scope(contexts, functions)
