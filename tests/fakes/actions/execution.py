"""What a step does: run a script, use an action of GitHub's, or use a composite one."""

from __future__ import annotations

import uuid
from pathlib import Path

from fakes.actions import file_commands
from fakes.actions.contexts import github_variables, runner_variables
from fakes.actions.published import PUBLISHED, Call
from fakes.actions.results import Annotation
from fakes.actions.values import Insensitive
from fakes.actions.yaml_files import load_yaml

_SHELLS = {
    "": ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"],
}


class StepFailed(Exception):
    """A step failed; the text is the error that the log shows."""


def execute(job, step, active, given, result):
    """Do what *step* says and fill in *result*; *given* are the variables of its `env:`.

    Raises what makes the step fail.
    """
    if "run" in step:
        _run_script(job, step, active, given, result)
    elif (name := step["uses"].partition("@")[0]) in PUBLISHED:
        inputs = _interpolated(step, active.scope)
        job.log.write(f"##[group]Run {step['uses']}")
        job.log.write("##[endgroup]")
        call = Call(job, inputs, active.scope.contexts["github"])
        result.outputs |= PUBLISHED[name](call)
    else:
        _run_composite(job, step, active, given, result)


def _run_script(job, step, active, given, result):
    files = file_commands.create_files(job.temp / "_runner_file_commands")
    path = job.temp / f"{uuid.uuid4()}.sh"
    path.write_text(active.scope.interpolate(step["run"]) + "\n")
    folder = Path(job.workspace, active.scope.interpolate(step.get("working-directory", "")))
    _announce(job.log, step["run"], given)
    job.log.outputs = {}
    script = job.start_script(
        active,
        command=[*_SHELLS[step.get("shell", "")], str(path)],
        folder=folder,
        environment=_variables(job, step, active, given, files),
    )
    code = script.wait()
    if code is None:
        job.log.annotate_error("The operation was canceled.")
    elif code:
        job.log.annotate_error(f"Process completed with exit code {code}.")
        result.outcome = "failure"
    _read_files(job, files, result)
    if job.log.problems:
        job.log.problems.clear()
        result.outcome = "failure"


def _announce(log, script, given):
    """Write what the runner shows before each script: the script, and what `env:` holds."""
    lines = script.strip().splitlines()
    log.write(f"##[group]Run {lines[0]}")
    for line in lines:
        log.write(line)
    for name, value in given.items():
        log.write(f"  {name}: {value}")
    log.write("##[endgroup]")


def _variables(job, step, active, given, files):
    github = Insensitive(active.scope.contexts["github"])
    if active.steps.embedded:
        github["action"] = step.get("id", "__run")
    path = [*reversed(job.path), job.machine["PATH"]]
    return {
        **job.machine,
        "CI": "true",
        **job.environment,
        **given,
        "PATH": ":".join(path),
        **github_variables(github),
        **runner_variables(job.runner),
        **{name: str(file) for name, file in files.items()},
        "GITHUB_ACTIONS": "true",
        "RUNNER_TRACKING_ID": job.tracking_id,
    }


def _read_files(job, files, result):
    """Take what a script left in its files, however it ended."""
    try:
        result.outputs |= job.log.outputs
        result.outputs |= file_commands.read_pairs(files["GITHUB_OUTPUT"])
        job.environment |= file_commands.read_pairs(files["GITHUB_ENV"])
        for folder in file_commands.read_path(files["GITHUB_PATH"]):
            job.path = [*(known for known in job.path if known != folder), folder]
    except file_commands.MalformedFile as error:
        raise StepFailed(f"Unable to process file command successfully. {error}") from None
    try:
        summary = file_commands.read_summary(files["GITHUB_STEP_SUMMARY"])
    except file_commands.MalformedFile as error:
        job.log.annotate_error(str(error))  # a summary that is refused fails nothing
    else:
        job.summary.append(job.log.masked(summary))


def _run_composite(job, step, active, given, result):
    folder = _action_folder(job, step["uses"])
    action = load_yaml((folder / "action.yml").read_text())
    github = Insensitive({**active.scope.contexts["github"], "action_path": str(folder)})
    inputs = _inputs(job, action, step, active.scope)
    # No `secrets` and no `vars`: an action sees only what it is given.
    seen = {name: job.contexts[name] for name in ("strategy", "matrix")}
    contexts = {**seen, "github": github, "runner": job.runner, "inputs": inputs}
    steps = type(active.steps)(contexts=contexts, overrides=given, embedded=True)
    for embedded in action["runs"]["steps"]:
        job.run_step(embedded, steps)
    scope = job.scope_of(steps)
    for name, output in action.get("outputs", {}).items():
        result.outputs[name] = scope.interpolate(output["value"])
    result.outcome = steps.status


def _inputs(job, action, step, scope):
    given = _interpolated(step, scope)
    declared = action.get("inputs", {})
    if unexpected := sorted(given.keys() - declared.keys()):
        message = f"Unexpected input(s) {unexpected}, valid inputs are {sorted(declared)}"
        job.log.issue(Annotation("warning", message))
    defaults = {
        name: scope.interpolate(about.get("default", "")) for name, about in declared.items()
    }
    return Insensitive(defaults | given)


def _interpolated(step, scope):
    return {key: scope.interpolate(value) for key, value in step.get("with", {}).items()}


def _action_folder(job, uses):
    if uses.startswith("./"):
        return job.workspace / uses
    name = uses.partition("@")[0]
    if name not in job.actions:
        raise NotImplementedError(f"no stand-in for the action {name}")
    return job.actions[name]
