"""The bot as GitHub knows it: a GitHub App, and the installations that let it work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any

from bot.errors import ForgeError
from bot.forges.github.api import Api, Refused
from bot.forges.github.app_signature import AppSignature
from bot.forges.github.credentials import Credentials, FixedToken
from bot.forges.github.events import Repository, repository_from

PERMISSIONS: Mapping[str, str] = {
    "checks": "write",
    "contents": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}
"""What a token is asked for: to write check runs and comments, to read files and who may write.

Comments on a pull request take the permission for it or that for issues; a locked one's the latter.
https://docs.github.com/rest/authentication/permissions-required-for-github-apps
"""

_EARLY = 5 * 60.0
"""Seconds before its end at which a token is used no more."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where the App is installed: an account, which may have suspended it.

    `permissions` are those that the account has agreed to, `page` is where it manages all this.
    """

    id: int
    account: str
    is_suspended: bool
    page: str
    permissions: Mapping[str, str]


class GitHubApp:
    """The App whose number is *app_id* on the server at *base_url*. Safe for several threads."""

    def __init__(
        self,
        app_id: int,
        private_key: str,
        base_url: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.id = app_id
        self._base_url = base_url
        self._clock = clock
        self._sleep = sleep
        self._signature = AppSignature(app_id, private_key, clock)
        self._lock = threading.Lock()
        self._tokens: dict[tuple[int, int], _Token] = {}
        self._locks: dict[tuple[int, int], threading.Lock] = {}

    def check_key(self) -> None:
        """Raise UsageError for a private key that nothing can be signed with."""
        self._signature.token()

    def api(self) -> Api:
        """Return the API as the App itself may use it."""
        return self._api(self._signature)

    @cached_property
    def slug(self) -> str:
        """The App's name in links, and before `[bot]` its login."""
        return str(self.api().get("/app").get("slug") or "")

    def installation_api(
        self,
        installation_id: int,
        repository_id: int,
        *,
        wrote: Callable[[], None] = lambda: None,
        limited: Callable[[float], None] = lambda at: None,
    ) -> Api:
        """Return the API as it may be used for one repository of an installation."""
        credentials = _OfInstallation(self, installation_id, repository_id)
        return Api(
            self._base_url,
            credentials,
            wrote=wrote,
            limited=limited,
            clock=self._clock,
            sleep=self._sleep,
        )

    def token(self, installation_id: int, repository_id: int) -> str:
        """Return a token for one repository, made anew five minutes before its hour is over.

        Raises Refused where the installation is suspended or gone.
        """
        key = (installation_id, repository_id)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = self._tokens.get(key)
            if known is None or known.until - _EARLY < self._clock():
                known = self._mint(installation_id, repository_id)
                with self._lock:
                    self._tokens[key] = known
            return known.text

    git_token = token

    def drop(self, installation_id: int, repository_id: int, token: str) -> None:
        """Use *token* no more: GitHub did not accept it."""
        with self._lock:
            known = self._tokens.get((installation_id, repository_id))
            if known is not None and known.text == token:
                del self._tokens[installation_id, repository_id]

    def forget(self, installation_id: int) -> None:
        """Use no token of an installation any more."""
        with self._lock:
            for key in [key for key in self._tokens if key[0] == installation_id]:
                del self._tokens[key]

    def installation(self, installation_id: int) -> Installation | None:
        """Return how an installation stands now, None where it is gone."""
        return self._installation(f"/app/installations/{installation_id}")

    def installation_of(self, full_name: str) -> Installation | None:
        """Return the installation that has a repository, None where none has."""
        return self._installation(f"/repos/{full_name}/installation")

    def _installation(self, path: str) -> Installation | None:
        try:
            return _installation(self.api().get(path))
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def installations(self) -> Iterator[Installation]:
        """Yield the installations that there are."""
        return map(_installation, self.api().pages("/app/installations"))

    def repositories(self, installation_id: int) -> Iterator[Repository]:
        """Yield the repositories of an installation; raises Refused where it is suspended."""
        token = self._made(installation_id, {"permissions": {"metadata": "read"}})
        api = self._api(FixedToken(token.text))
        for raw in api.pages("/installation/repositories", key="repositories"):
            yield repository_from(raw)

    def _mint(self, installation_id: int, repository_id: int) -> _Token:
        return self._made(
            installation_id,
            {"repository_ids": [repository_id], "permissions": dict(PERMISSIONS)},
        )

    def _made(self, installation_id: int, body: Mapping[str, Any]) -> _Token:
        path = f"/app/installations/{installation_id}/access_tokens"
        api = self.api()
        made = api.persist(lambda: api.write("POST", path, body))
        try:
            text = str(made["token"])
            until = datetime.fromisoformat(made["expires_at"]).timestamp()
        except (KeyError, TypeError, ValueError):
            raise ForgeError(f"POST {path}: GitHub's answer holds no token") from None
        return _Token(text, until)

    def _api(self, credentials: Credentials) -> Api:
        return Api(self._base_url, credentials, clock=self._clock, sleep=self._sleep)


class _OfInstallation:
    """The credentials for one repository of an installation."""

    def __init__(self, app: GitHubApp, installation_id: int, repository_id: int) -> None:
        self._app = app
        self._key = (installation_id, repository_id)

    def token(self) -> str:
        return self._app.token(*self._key)

    def renew(self, refused: str, behind: float) -> bool:
        self._app.drop(*self._key, refused)
        return True


def _installation(raw: Mapping[str, Any]) -> Installation:
    account = raw.get("account") or {}
    return Installation(
        id=int(raw["id"]),
        account=str(account.get("login") or account.get("slug") or ""),
        is_suspended=raw.get("suspended_at") is not None,
        page=str(raw.get("html_url") or ""),
        permissions=dict(raw.get("permissions") or {}),
    )
