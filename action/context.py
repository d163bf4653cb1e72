"""What GitHub Actions tells a step about where and why it runs.

https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from action.matrix import variant_of
from bot.errors import UsageError
from bot.model import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The step's surroundings; `sha` and `ref` are what the event was about, `run_id` is GitHub's.

    `step` tells this step from all others of the same Actions run, and `variant` this job from the
    others of its matrix: it is empty where the job is the only one. `is_first` says whether it is
    the one of them that speaks for all.
    """

    event_name: str
    payload: Mapping[str, Any]
    repository: str
    sha: str
    ref: str
    server_url: str
    api_url: str
    run_id: int
    step: str
    variant: str
    is_first: bool
    workspace: Path
    temporary: Path
    output_file: Path | None
    summary_file: Path | None

    @property
    def run_url(self) -> str:
        """The page of the Actions run, which has the log and the artifacts."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Context:
        """Return what *environment* says; raises UsageError for what is missing or no JSON."""

        def variable(name: str) -> str:
            if value := environment.get(name):
                return value
            raise UsageError(f"{name} is not set: this runs as a step of GitHub Actions only")

        def file(name: str) -> Path | None:
            return Path(value) if (value := environment.get(name)) else None

        run_id = variable("GITHUB_RUN_ID")
        job = environment.get("GITHUB_JOB", "nbci")
        attempt = environment.get("GITHUB_RUN_ATTEMPT", "1")
        index = environment.get("NBCI_JOB_INDEX") or "0"
        action = environment.get("GITHUB_ACTION", "")
        workspace = Path(variable("GITHUB_WORKSPACE"))
        return cls(
            event_name=variable("GITHUB_EVENT_NAME"),
            payload=_payload(Path(variable("GITHUB_EVENT_PATH"))),
            repository=variable("GITHUB_REPOSITORY"),
            sha=environment.get("GITHUB_SHA", ""),
            ref=environment.get("GITHUB_REF", ""),
            server_url=environment.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/"),
            api_url=environment.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
            run_id=int(run_id) if run_id.isdecimal() else 0,
            step=f"{job}-{index}-{attempt}-{action}",
            variant=variant_of(environment),
            is_first=index == "0",
            workspace=workspace,
            temporary=file("RUNNER_TEMP") or workspace.parent,
            output_file=file("GITHUB_OUTPUT"),
            summary_file=file("GITHUB_STEP_SUMMARY"),
        )


def _payload(path: Path) -> Mapping[str, Any]:
    try:
        payload = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"GITHUB_EVENT_PATH cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"GITHUB_EVENT_PATH holds no JSON: {printable(str(error))}") from None
    if not isinstance(payload, dict):
        raise UsageError("GITHUB_EVENT_PATH holds no JSON object")
    return payload
