"""A branch of the repository with executed notebooks, so that GitHub itself shows them.

Each review is one commit, under a folder of its own: `pr-7/SHA/…` for a pull request. Who may read
the repository may read them, and nobody else. To remove old ones, the branch is written anew as one
commit without parents, so that it does not grow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from bot.errors import UsageError
from bot.forges.github.api import Api, Refused
from bot.model import printable

LARGEST_FILE = 25_000_000
"""Bytes of a notebook that is kept; GitHub shows none that is anywhere near as large."""

_PORTION_BYTES = 8_000_000
_PORTION_FILES = 100
_ATTEMPTS = 8
_OURS = re.compile(r"(pr|run)-\d+|README\.md")
_README_NAME = "README.md"
_README = """\
# Executed notebooks

nbci keeps here what notebooks printed and plotted when they were run for pull requests, so that it
can be looked at. Everything here is made by a machine and removed when a pull request is closed.
"""


class OutputsBranch:
    """The branch *name* of a repository (`owner/name`), made when something is first kept there."""

    def __init__(self, api: Api, repository: str, name: str) -> None:
        self._api = api
        self._repository = f"/repos/{repository}"
        self._git = f"{self._repository}/git"
        self._name = name
        self._reference = f"heads/{quote(name)}"

    def add(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Commit *files*, by name, into *folder* (`pr-7/SHA`), beside what others commit.

        Raises UsageError for a branch that holds anything we did not put there.
        """
        for _ in range(_ATTEMPTS):
            tip = self._tip()
            tree = None if tip is None else self._tree_of(tip)
            if tree is not None:
                self._check_ours(tree)
            entries = [_file(f"{folder}/{name}", data) for name, data in files.items()]
            if tip is None:
                entries.append(_file(_README_NAME, _README.encode()))
            for portion in _portions(entries):
                tree = self._make_tree(portion, base=tree)
            parents = [] if tip is None else [tip]
            commit = self._commit(f"Executed notebooks of {folder}", tree or "", parents)
            if self._move(tip, commit, force=False):
                return
        raise UsageError(f"the branch {self._shown} changes faster than it can be written")

    def prune(self, keep: Callable[[str], bool]) -> list[str]:
        """Remove the top folders (`pr-7`) that *keep* says no to, and return their names."""
        for _ in range(_ATTEMPTS):
            tip = self._tip()
            if tip is None:
                return []
            entries = self._check_ours(self._tree_of(tip))
            old = [entry["path"] for entry in entries if _goes(entry["path"], keep)]
            if not old:
                return []
            kept = [
                {name: entry[name] for name in ("path", "mode", "type", "sha")}
                for entry in entries
                if entry["path"] not in old
            ]
            tree = self._make_tree(kept or [_file(_README_NAME, _README.encode())], base=None)
            commit = self._commit("Executed notebooks of open pull requests", tree, [])
            # Nothing in the API replaces a branch only if it is still the same: look once more.
            if self._tip() == tip and self._move(tip, commit, force=True):
                return old
        raise UsageError(f"the branch {self._shown} changes faster than it can be written")

    @property
    def _shown(self) -> str:
        return printable(self._name)

    def _tip(self) -> str | None:
        try:
            return str(self._api.get(f"{self._git}/ref/{self._reference}")["object"]["sha"])
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _tree_of(self, commit: str) -> str:
        return str(self._api.get(f"{self._git}/commits/{commit}")["tree"]["sha"])

    def _check_ours(self, tree: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._api.get(f"{self._git}/trees/{tree}")["tree"]
        foreign = [entry["path"] for entry in entries if not _OURS.fullmatch(entry["path"])]
        if foreign:
            raise self._not_ours(f"it holds {printable(foreign[0])}")
        # A branch that holds none of our folders could be anybody's who has a README.
        if all(entry["path"] == _README_NAME for entry in entries) and self._is_default():
            raise self._not_ours("it is the repository's default branch")
        return entries

    def _is_default(self) -> bool:
        return bool(self._api.get(self._repository).get("default_branch") == self._name)

    def _not_ours(self, reason: str) -> UsageError:
        return UsageError(
            f"the branch {self._shown} is not one of nbci's outputs: {reason};"
            " name a branch that does not exist yet"
        )

    def _make_tree(self, entries: list[dict[str, Any]], *, base: str | None) -> str:
        body = {"tree": entries} | ({"base_tree": base} if base else {})
        path = f"{self._git}/trees"
        made = self._api.persist(lambda: self._api.write("POST", path, body))
        return str(made["sha"])

    def _commit(self, message: str, tree: str, parents: list[str]) -> str:
        body = {"message": message, "tree": tree, "parents": parents}
        path = f"{self._git}/commits"
        made = self._api.persist(lambda: self._api.write("POST", path, body))
        return str(made["sha"])

    def _move(self, tip: str | None, commit: str, *, force: bool) -> bool:
        """Let the branch point to *commit*; return False where somebody else was faster."""
        was_tried = False

        def move() -> bool:
            nonlocal was_tried
            if was_tried and self._tip() == commit:
                return True
            was_tried = True
            try:
                if tip is None:
                    reference = {"ref": f"refs/heads/{self._name}", "sha": commit}
                    self._api.write("POST", f"{self._git}/refs", reference)
                else:
                    path = f"{self._git}/refs/{self._reference}"
                    self._api.write("PATCH", path, {"sha": commit, "force": force})
            except Refused as refused:
                if refused.status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT):
                    return False
                raise
            return True

        return self._api.persist(move)


def _goes(name: str, keep: Callable[[str], bool]) -> bool:
    return name != _README_NAME and not keep(name)


def _file(path: str, data: bytes) -> dict[str, Any]:
    content = data.decode("utf-8", "replace")
    return {"path": path, "mode": "100644", "type": "blob", "content": content}


def _portions(entries: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    portion: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        length = len(json.dumps(entry["content"]))
        if portion and (size + length > _PORTION_BYTES or len(portion) == _PORTION_FILES):
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += length
    if portion:
        yield portion
