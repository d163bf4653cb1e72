"""The one comment on a pull request that is kept up to date, and short replies to commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    write a comment that looks like it. `login` is who we are; while it is None, GitHub is asked.
    `living` is the id of the living comment, None while it is not known.
    """

    def __init__(
        self,
        api: Api,
        repository: str,
        number: int,
        *,
        is_ours: Callable[[str], bool],
        login: str | None = None,
        living: int | None = None,
    ) -> None:
        self._api = api
        self._list = f"/repos/{repository}/issues/{number}/comments"
        self._one = f"/repos/{repository}/issues/comments"
        self._is_ours = is_ours
        self.login = login
        self.living = living
        self._looked = False
        self._may_be_several = False

    def upsert(self, revise: Revise) -> None:
        """Write the living comment.

        *revise* is given what the comment says now, None where there is no comment, and returns
        what it is to say; None leaves it as it is.
        """

        def write() -> None:
            while not self._upsert(revise):
                pass

        self._api.persist(write)

    def reply(self, text: str, marker: str, *, once: bool = False) -> None:
        """Write a comment of its own; *marker*, an HTML comment, tells it from others.

        With *once*, nothing is written where a comment of ours has the same marker already.
        """
        was_tried = once

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

    def _upsert(self, revise: Revise) -> bool:
        """Return whether the comment says what it should: not if somebody interfered."""
        current = self._current()
        body = revise(None if current is None else current.get("body") or "")
        if body is None or (current is not None and body == current.get("body")):
            return True
        return self._make(body) if current is None else self._change(current["id"], body)

    def _make(self, body: str) -> bool:
        """Make the comment, and return whether there is no other one to go on with."""
        self._looked, self._may_be_several = False, True
        made = self._api.write("POST", self._list, {"body": body})
        self.login = (made.get("user") or {}).get("login") or self.login
        return bool(self._settle(made["id"]) == made["id"])

    def _change(self, number: int, body: str) -> bool:
        """Change the comment, and return whether it was still there."""
        try:
            self._api.write("PATCH", f"{self._one}/{number}", {"body": body})
        except Refused as refused:
            if refused.status != HTTPStatus.NOT_FOUND or self._exists(number):
                raise
        else:
            return True
        self.living, self._looked = None, False
        return False

    def _exists(self, number: int) -> bool:
        try:
            self._api.get(f"{self._one}/{number}")
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def _current(self) -> dict[str, Any] | None:
        """Return the living comment as GitHub has it now."""
        if self._may_be_several:
            self._settle(None)
        if self.living is not None:
            try:
                return self._api.get(f"{self._one}/{self.living}")
            except Refused as refused:
                if refused.status != HTTPStatus.NOT_FOUND:
                    raise
            self.living, self._looked = None, False  # somebody has deleted it
        if self._looked:
            return None
        found = next(iter(self._all_living()), None)
        self._looked = True
        self.living = found["id"] if found else None
        return found

    def _settle(self, made: int | None) -> int | None:
        """Leave one living comment where reviews at the same time made several: the oldest.

        All of them decide alike, so that the same one stays. *made* may be too new to be listed.
        """
        there = {raw["id"] for raw in self._all_living()} | ({made} if made else set())
        self.living = min(there, default=None)
        for number in sorted(there - {self.living}):
            self._delete(number)
        self._looked, self._may_be_several = True, False
        return self.living

    def _delete(self, number: int) -> None:
        try:
            self._api.act("DELETE", f"{self._one}/{number}")
        except Refused as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise

    def _all_living(self) -> Iterator[dict[str, Any]]:
        """Yield the comments of ours that are the living one: one, but for a moment."""
        return (raw for raw in self._own() if self._is_ours(raw["body"]))

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
        if self.login is None:
            self.login = self._ask_who_we_are()
        return (raw.get("user") or {}).get("login") == self.login

    def _ask_who_we_are(self) -> str:
        """Return the login that the token writes as; an App's own token may not ask."""
        try:
            return str(self._api.get("/user").get("login") or ACTIONS_LOGIN)
        except Refused:
            return ACTIONS_LOGIN
