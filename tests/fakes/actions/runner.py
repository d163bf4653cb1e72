"""A runner of GitHub Actions for tests: executes action.yml and jobs of workflows as GitHub does.

    runner = Runner(workspace=folder, event_name="pull_request", event=payload, ...)
    result = runner.run_action({"comment": "false"})

Scripts run for real, in bash. GitHub's own actions (checkout, setup-python, cache, upload-artifact)
are stood in for; nothing leaves this machine. Not emulated: containers, `timeout-minutes`, jobs
that need each other, and problem matchers.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from fakes.actions.artifacts import Artifacts
from fakes.actions.caches import Caches
from fakes.actions.contexts import github_context, runner_context
from fakes.actions.job import Job
from fakes.actions.processes import Patience
from fakes.actions.results import JobResult
from fakes.actions.values import Insensitive, as_contexts
from fakes.actions.yaml_files import load_yaml

OWN_ACTION = "nbci-dev/nbci"
_KEPT_VARIABLES = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "USER")


@dataclass
class Runner:
    """Where jobs run. The runner's other folders are made beside *workspace*.

    `action_path` is the checkout of our own action, for `uses: nbci-dev/nbci@…`. `env` is what the
    machine has beside PATH, HOME and the like. `prepared` is explained at Caches.
    """

    action_path: Path
    workspace: Path
    event_name: str = "pull_request"
    event: dict = field(default_factory=dict)
    server_url: str = "http://127.0.0.1"
    api_url: str = "http://127.0.0.1/api/v3"
    token: str = "ghs_tokenOfTheWorkflow"
    repository: str = "o/r"
    repository_id: int = 1
    sha: str = "0" * 40
    ref: str = "refs/heads/main"
    run_id: int = 1
    run_attempt: int = 1
    job_id: str = "nbci"
    workflow: str = "Notebooks"
    env: dict[str, str] = field(default_factory=dict)
    inputs: dict = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    matrix: dict | None = None
    job_index: int = 0
    job_total: int = 1
    prepared: bool = True
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self):
        self.workspace = Path(self.workspace)
        self.workspace.mkdir(parents=True, exist_ok=True)
        beside = self.workspace.parent
        self.temp = beside / "_temp"
        self.tools = beside / "_tool"
        self.caches = Caches(beside / "_caches", prepared=self.prepared)
        self.artifacts = Artifacts(beside / "_artifacts")

    def run_action(self, inputs=None, **step):
        """Run a job that only uses our action, and return its JobResult."""
        return self.start_action(inputs, **step).wait()

    def start_action(self, inputs=None, **step):
        """Start a job that only uses our action: a RunningJob, which can be cancelled."""
        uses = {"id": "nbci", "uses": f"{OWN_ACTION}@main", "with": inputs or {}, **step}
        return self.start_steps([uses], outputs_of="nbci")

    def run_workflow_job(self, path, job=None):
        """Run a job of a workflow file, the only one unless *job* names it."""
        return self.start_workflow_job(path, job).wait()

    def start_workflow_job(self, path, job=None):
        """Start a job of a workflow file: a RunningJob."""
        workflow = load_yaml(Path(path).read_text())
        (name,) = [job] if job else workflow["jobs"]
        definition = workflow["jobs"][name]
        self.job_id = name
        self.workflow = workflow.get("name", str(path))
        variables = {**workflow.get("env", {}), **definition.get("env", {})}
        return self.start_steps(
            definition["steps"], condition=definition.get("if", ""), variables=variables
        )

    def evaluate(self, text):
        """Return a string of a workflow with its `${{ }}` replaced, a concurrency group say."""
        return self._job({}).scope().interpolate(text)

    def start_steps(self, steps, *, condition="", variables=None, outputs_of=None):
        """Start a job of these steps; its outputs are those of the step *outputs_of*."""
        job = self._job(variables or {})
        skipped = not job.scope().holds(condition)
        return RunningJob(job, steps, outputs_of, skipped=skipped)

    def _job(self, variables):
        shutil.rmtree(self.temp, ignore_errors=True)
        event_path = self.temp / "_github_workflow" / "event.json"
        event_path.parent.mkdir(parents=True)
        event_path.write_text(json.dumps(self.event))
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        job = Job(
            workspace=self.workspace,
            temp=self.temp,
            github=github_context(self, event_path),
            runner=runner_context(self.temp, self.tools),
            contexts=self._contexts(),
            machine={**kept, **self.env},
            actions={OWN_ACTION: self.action_path},
            caches=self.caches,
            artifacts=self.artifacts,
            patience=self.patience,
        )
        for secret in (self.token, *self.secrets.values()):
            job.log.mask(secret)
        basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        job.log.mask(basic)
        scope = job.scope()
        job.environment = {name: scope.interpolate(value) for name, value in variables.items()}
        return job

    def _contexts(self):
        return {
            "inputs": as_contexts(self.inputs),
            "secrets": Insensitive({"GITHUB_TOKEN": self.token, **self.secrets}),
            "vars": Insensitive(),
            "matrix": as_contexts(self.matrix),
            "strategy": Insensitive({
                "fail-fast": True,
                "job-index": self.job_index,
                "job-total": self.job_total,
                "max-parallel": self.job_total,
            }),
        }  # fmt: skip


class RunningJob:
    """A job that was started, in a thread of its own; as a context manager it ends with the block.

    It is `skipped` when the `if:` of the job does not hold.
    """

    def __init__(self, job, steps, outputs_of, *, skipped):
        self._job = job
        self._outputs_of = outputs_of
        self._skipped = skipped
        executor = ThreadPoolExecutor(max_workers=1)
        self._running = executor.submit(job.run, [] if skipped else steps)
        executor.shutdown(wait=False)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if not self._running.done():
            self.cancel()
        self.wait()

    def cancel(self):
        """Cancel the job as a person, or a newer run of the same group, does on GitHub."""
        self._job.cancel()

    def wait_for_log(self, text, timeout=60):
        """Wait until a line of the log has *text*; AssertionError with the log if none does."""
        assert self._job.log.wait_for(text, timeout), self._job.log.text()

    def wait(self, timeout=600):
        """Return the JobResult once the job has ended."""
        self._running.result(timeout)
        return self._result()

    def _result(self):
        job = self._job
        outputs = job.steps[self._outputs_of].outputs if self._outputs_of in job.steps else {}
        return JobResult(
            outcome="skipped" if self._skipped else job.status,
            outputs=outputs,
            log=job.log.text(),
            annotations=job.annotations,
            summary="".join(job.summary),
            artifacts=job.artifacts.by_name(),
            steps=job.steps,
            forbidden=job.log.forbidden,
            signals=job.signals,
            orphans=job.orphans,
            environment=job.environment,
        )
