"""Stands in for the actions of GitHub's own that our action and our workflows use."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from fakes.actions.checkout import check_out


@dataclass
class Call:
    """One use of an action: the job it is in, what `with:` gave it, and the `github` context."""

    job: object
    inputs: dict[str, str]
    github: dict

    @property
    def paths(self):
        return [line for line in self.inputs["path"].splitlines() if line.strip()]


def restore_cache(call):
    hit = call.job.caches.restore(call.paths, call.inputs["key"])
    return {
        "cache-primary-key": call.inputs["key"],
        "cache-matched-key": call.inputs["key"] if hit else "",
        # Empty, and not "false", when nothing was found.
        "cache-hit": "true" if hit else "",
    }


def save_cache(call):
    if not call.job.caches.save(call.paths, call.inputs["key"]):
        call.job.log.write(f"Failed to save: a cache with key {call.inputs['key']} exists")
    return {}


def cache(call):
    outputs = restore_cache(call)
    if not outputs["cache-hit"]:
        call.job.add_post(lambda: call.job.status == "success" and save_cache(call))
    return outputs


def upload_artifact(call):
    name = call.inputs.get("name", "artifact")
    call.job.artifacts.upload(
        name,
        call.inputs["path"],
        hidden=call.inputs.get("include-hidden-files", "false") == "true",
        if_none=call.inputs.get("if-no-files-found", "warn"),
        overwrite=call.inputs.get("overwrite", "false") == "true",
    )
    return {"artifact-id": str(len(call.job.artifacts.by_name()))}


def checkout(call):
    inputs = {"token": call.github["token"], **call.inputs}
    outputs, forget = check_out(call.job.workspace, call.job.temp, call.github, inputs)
    call.job.add_post(forget)
    return outputs


def setup_python(call):
    """Put this interpreter's folder first on the path, whatever version was asked for."""
    folder = Path(sys.executable).parent
    call.job.path.append(str(folder))
    call.job.environment |= {"pythonLocation": str(folder.parent)}
    return {"python-version": platform.python_version(), "python-path": sys.executable}


PUBLISHED = {
    "actions/cache": cache,
    "actions/cache/restore": restore_cache,
    "actions/cache/save": save_cache,
    "actions/checkout": checkout,
    "actions/setup-python": setup_python,
    "actions/upload-artifact": upload_artifact,
}
