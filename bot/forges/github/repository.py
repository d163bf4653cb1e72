"""What a repository on GitHub says of pull requests and people, and small things done there."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from bot.errors import Unanswered
from bot.forges.github.api import Api, Refused
from bot.forges.github.checks import Checks, ExistingCheck
from bot.forges.github.events import (
    PullRequest,
    Repository,
    pull_request_from,
    repository_from,
)
from bot.model import Conclusion

MAY_COMMAND = frozenset({"admin", "maintain", "write"})

_ACTIONS_RUN = re.compile(r"/actions/runs/(\d+)(?:/|$)")

_STATES = {
    None: "pending",
    Conclusion.SUCCESS: "success",
    Conclusion.NEUTRAL: "success",
    Conclusion.SKIPPED: "success",
}

LONGEST_STATUS = 140
"""https://docs.github.com/rest/commits/statuses#create-a-commit-status"""


class GitHubRepository:
    """The repository *name* (`owner/name`) as one token sees it."""

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self.name = name
        self._path = f"/repos/{name}"

    def description(self) -> Repository:
        """Return what GitHub says of the repository, under the name that it has now."""
        return repository_from(self._api.get(self._path))

    def pull_request(self, number: int) -> PullRequest:
        """Return a pull request as it stands now.

        One that was made a moment ago may not be found yet, so that is not believed at once.
        """
        path = f"{self._path}/pulls/{number}"

        def look() -> PullRequest:
            try:
                return pull_request_from(self._api.get(path))
            except Refused as refused:
                if refused.status != HTTPStatus.NOT_FOUND:
                    raise
                raise Unanswered(str(refused)) from None

        return self._api.persist(look)

    def open_pull_requests(self) -> Iterator[int]:
        """Yield the numbers of all open pull requests."""
        for raw in self._api.pages(f"{self._path}/pulls", {"state": "open"}):
            yield raw["number"]

    def was_pushed_after(self, pull: PullRequest, moment: datetime) -> bool:
        """Return whether GitHub says that the head was pushed after *moment*.

        A commit does not say when it was pushed. The repository it lies in says when it was last
        pushed to, and GitHub notes the commit in check suites as soon as it has it. Both in whole
        seconds: who must be certain names the commit instead.
        """
        if pull.head_pushed_at is None or pull.head_pushed_at <= moment:
            return False
        path = f"{self._path}/commits/{pull.head_sha}/check-suites"
        known_since = [
            datetime.fromisoformat(suite["created_at"])
            for suite in self._api.pages(path, key="check_suites")
            if suite.get("created_at")
        ]
        return bool(known_since) and min(known_since) > moment

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file of a branch, None where it has none of that name, or not of a file's kind.

        https://docs.github.com/rest/repos/contents#get-repository-content
        """
        where = f"{self._path}/contents/{quote(path)}"
        try:
            answer = self._api.get(where, {"ref": ref})
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        if answer.get("type") != "file":
            return None
        content = answer.get("content")
        if not isinstance(content, str) or answer.get("encoding") != "base64":
            raise Unanswered(f"GitHub does not say what is in {path}")
        return base64.b64decode(content)

    def merge_base(self, base: str, head: str) -> str:
        """Return the SHA of the commit where *head* left *base*."""
        compared = self._api.get(f"{self._path}/compare/{base}...{head}", {"per_page": 1})
        sha = (compared.get("merge_base_commit") or {}).get("sha")
        if not isinstance(sha, str):
            raise Unanswered(f"GitHub does not say where {head[:10]} left {base[:10]}")
        return sha

    def may_command(self, login: str) -> bool:
        """Return whether somebody may write to the repository, asked now and of nobody else.

        An unknown login may not. Raises Unanswered, TryLater or Refused when that cannot be told.
        """
        path = f"{self._path}/collaborators/{quote(login, safe='')}/permission"
        try:
            answer = self._api.get(path)
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return answer.get("permission") in MAY_COMMAND

    def set_status(
        self, sha: str, context: str, conclusion: Conclusion | None, text: str, url: str | None
    ) -> None:
        """Set the commit status *context*, for where check runs cannot be written."""
        failed = "error" if conclusion is Conclusion.CANCELLED else "failure"
        body = {
            "context": context,
            "state": _STATES.get(conclusion, failed),
            "description": text[:LONGEST_STATUS],
        }
        body |= {"target_url": url} if url else {}
        path = f"{self._path}/statuses/{sha}"
        self._api.persist(lambda: self._api.write("POST", path, body))

    def cancel_actions_runs(self, checks: Checks, names: frozenset[str], *, but: int) -> list[int]:
        """Cancel the Actions runs that still work on check runs of these *names*; return their ids.

        The jobs of a matrix have their values behind the name, in parentheses. The run *but* is our
        own.
        """
        found = {
            number
            for check in checks.existing()
            if check.name.partition(" (")[0] in names and check.status != "completed"
            if (number := _actions_run(check)) is not None
        }
        return [number for number in sorted(found - {but}) if self._cancel(number)]

    def _cancel(self, number: int) -> bool:
        path = f"{self._path}/actions/runs/{number}/cancel"

        def cancel() -> bool:
            try:
                self._api.act("POST", path)
            except Refused as refused:
                if refused.status == HTTPStatus.CONFLICT:  # it has ended meanwhile
                    return False
                raise
            return True

        return self._api.persist(cancel)


def _actions_run(check: ExistingCheck) -> int | None:
    """Return the id of the Actions run that works on *check*: our own say so, jobs link there."""
    if check.origin.isdecimal():
        return int(check.origin)
    found = _ACTIONS_RUN.search(check.details_url)
    return int(found[1]) if found else None
