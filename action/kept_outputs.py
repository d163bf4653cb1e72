"""Executed notebooks on a branch of the repository, where GitHub shows them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from action import job_log
from action.session import Session
from bot.errors import NbciError
from bot.forges.github.outputs_branch import LARGEST_FILE, OutputsBranch
from bot.model import Review, Run


class KeptOutputs:
    """The executed notebooks of one head; without effect where no branch is named."""

    def __init__(self, session: Session, head: str, number: int | None) -> None:
        self._session = session
        self._branch = session.inputs.outputs_branch
        top = f"run-{session.context.run_id}" if number is None else f"pr-{number}"
        self._folder = f"{top}/{head}"
        self._kept: set[str] = set()

    def link(self, run: Run) -> str | None:
        """Return the URL of the executed notebook of *run*, None until it is there."""
        if run.run_id not in self._kept or run.result is None:
            return None
        context = self._session.context
        name = Path(run.result.executed_notebook or "").name
        place = quote(f"{self._branch}/{self._folder}/{name}")
        return f"{context.server_url}/{context.repository}/blob/{place}"

    def keep(self, review: Review, report: Path) -> None:
        """Commit the executed notebooks, which are in the folder *report*, in one commit.

        Where that fails, it is said, and there are no links.
        """
        if not self._branch:
            return
        files: dict[str, bytes] = {}
        kept = set()
        for run in review.runs:
            name = run.result.executed_notebook if run.result else None
            path = report / name if name else None
            if path is not None and path.is_file() and path.stat().st_size <= LARGEST_FILE:
                files[path.name] = path.read_bytes()
                kept.add(run.run_id)
        if not files:
            return
        outputs = OutputsBranch(self._session.api, self._session.context.repository, self._branch)
        try:
            outputs.add(self._folder, files)
        except NbciError as error:
            job_log.warning(f"the executed notebooks are not on {self._branch}: {error}")
            return
        self._kept = kept
