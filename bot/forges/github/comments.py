"""The one comment on a pull request that is kept up to date, and short replies to commands."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Literal

from bot.forges.forge import Revise
from bot.forges.github.api import Api, Refused

ACTIONS_LOGIN = "github-actions[bot]"
"""Who writes with the token that a workflow is given."""

Reaction = Literal["+1", "-1", "confused", "eyes", "rocket"]


class Comments:
    """The comments of one pull request, read and written as the owner of the API's token.

    A comment of ours is one that we wrote and that *is_ours* says is the living one: anybody can
    write a comment that looks like it.
    """

    def __init__(
        self, api: Api, repository: str, number: int, *, is_ours: Callable[[str], bool]
    ) -> None:
        self._api = api
        self._list = f"/repos/{repository}/issues/{number}/comments"
        self._one = f"/repos/{repository}/issues/comments"
        self._is_ours = is_ours
        self._login: str | None = None
        self._id: int | None = None
        self._looked = False

    def upsert(self, revise: Revise) -> str | None:
        """Write the living comment and return its URL.

        *revise* is given what the comment says now, None where there is no comment, and returns
        what it is to say; None leaves it as it is.
        """
        return self._api.persist(lambda: self._upsert(revise))

    def reply(self, text: str, marker: str) -> None:
        """Write a comment of its own, once: *marker*, an HTML comment, tells it from others."""
        was_tried = False

        def write() -> None:
            nonlocal was_tried
            if was_tried and any(raw["body"].startswith(marker) for raw in self._own()):
                return
            was_tried = True
            self._api.write("POST", self._list, {"body": f"{marker}\n{text}"})

        self._api.persist(write)

    def react(self, comment: int, reaction: Reaction) -> None:
        """Show a reaction on a comment; GitHub knows that of the same person only once."""
        path = f"{self._one}/{comment}/reactions"
        self._api.persist(lambda: self._api.write("POST", path, {"content": reaction}))

    def _upsert(self, revise: Revise) -> str | None:
        current = self._current()
        body = revise(None if current is None else current.get("body") or "")
        if current is not None:
            if body is None or body == current.get("body"):
                return str(current.get("html_url") or "")
            written = self._api.write("PATCH", f"{self._one}/{current['id']}", {"body": body})
            return str(written.get("html_url") or "")
        if body is None:
            return None
        self._looked = False
        made = self._api.write("POST", self._list, {"body": body})
        self._login = self._login or (made.get("user") or {}).get("login")
        self._id = made["id"]
        if self._was_second(made["id"]):
            return self._upsert(revise)
        return str(made.get("html_url") or "")

    def _current(self) -> dict[str, Any] | None:
        """Return the living comment as GitHub has it now."""
        if self._id is not None:
            try:
                return self._api.get(f"{self._one}/{self._id}")
            except Refused as refused:
                if refused.status != HTTPStatus.NOT_FOUND:
                    raise
            self._id, self._looked = None, False  # somebody has deleted it
        if self._looked:
            return None
        found = next((raw for raw in self._own() if self._is_ours(raw["body"])), None)
        self._looked = True
        self._id = found["id"] if found else None
        return found

    def _was_second(self, made: int) -> bool:
        """Remove the comment that was just made if another review made one at the same time."""
        first = next((raw["id"] for raw in self._own() if self._is_ours(raw["body"])), made)
        if first >= made:
            return False
        self._api.act("DELETE", f"{self._one}/{made}")
        self._id = first
        return True

    def _own(self) -> list[dict[str, Any]]:
        """Return the comments that we wrote, the oldest first."""
        return [
            {**raw, "body": raw.get("body") or ""}
            for raw in self._api.pages(self._list)
            if self._wrote(raw)
        ]

    def _wrote(self, raw: dict[str, Any]) -> bool:
        body = raw.get("body") or ""
        if not body.startswith("<!--"):
            return False
        login = (raw.get("user") or {}).get("login")
        if self._login is None:
            self._login = self._ask_who_we_are()
        return bool(login) and login == self._login

    def _ask_who_we_are(self) -> str:
        """Return the login that the token writes as; an App's own token may not ask."""
        try:
            return str(self._api.get("/user").get("login") or ACTIONS_LOGIN)
        except Refused:
            return ACTIONS_LOGIN
