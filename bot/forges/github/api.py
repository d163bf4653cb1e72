"""Requests to GitHub's REST API, with what can go wrong with them told apart.

PyGithub carries the requests: it knows about authentication, Enterprise's addresses, connections
and errors. What it retries or waits for by itself is turned off: it would repeat a POST that had
taken effect, and sleep for up to an hour inside a call.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Literal, TypeVar

import github
import requests
from github import Auth, GithubException

from bot.errors import ForgeError, TryLater, Unanswered
from bot.model import printable

PAGE = 100
MOST_PAGES = 100
TIMEOUT = 15
"""Seconds to wait for a connection, and for each part of an answer."""

_DELAYS = (0.3, 1.0, 2.0, 3.0)
"""Seconds before something is tried again."""

_SECONDARY_DELAY = 60.0
"""https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api"""

Parameters = Mapping[str, str | int | bool]
T = TypeVar("T")


class Refused(ForgeError):
    """GitHub understood and will not: `status` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """One token's way to one server.

    `requests_made` counts what was sent, and *wrote* is called for each request that may change
    something. Every method raises TryLater when a limit is reached (no
    request should be made before its `at`), Refused when GitHub says no, and Unanswered when no
    sensible answer came: 5xx, a broken connection, HTML instead of JSON.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        wrote: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wrote = wrote
        self._clock = clock
        self._sleep = sleep
        self._requester = github.Github(
            auth=Auth.Token(token),
            base_url=base_url.rstrip("/"),
            timeout=TIMEOUT,
            user_agent="nbci",
            per_page=PAGE,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ).requester
        self.requests_made = 0

    def get(self, path: str, parameters: Parameters | None = None) -> dict[str, Any]:
        """Return the object at *path*, asking again a few times where no answer comes."""
        return _object(self._read(path, parameters), path)

    def pages(
        self, path: str, parameters: Parameters | None = None, *, key: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the objects of a list, page after page; *key* names the list inside the answer."""
        for page in range(1, MOST_PAGES + 1):
            asked = {**(parameters or {}), "per_page": PAGE, "page": page}
            answer = self._read(path, asked)
            found = answer.get(key) if key and isinstance(answer, dict) else answer
            if not isinstance(found, list):
                raise Unanswered(f"GET {path}: GitHub's answer holds no list")
            for item in found:
                yield _object(item, path)
            if len(found) < PAGE:
                return
        raise Unanswered(f"GET {path}: more than {MOST_PAGES} pages")

    def write(
        self, method: Literal["POST", "PATCH", "PUT"], path: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what GitHub answers to a change, which is sent once.

        After Unanswered it may have taken effect or not: read before sending it again.
        """
        return _object(self._sent(method, path, body=body), path)

    def act(self, method: Literal["POST", "DELETE"], path: str) -> None:
        """Have something done that needs no body and whose answer says nothing."""
        self._sent(method, path)

    def persist(self, step: Callable[[], T]) -> T:
        """Return what *step* returns, tried a few times where it gets no answer.

        It must first look for what its last, interrupted try left behind.
        """
        for delay in _DELAYS:
            try:
                return step()
            except Unanswered:
                self._sleep(delay)
        return step()

    def _read(self, path: str, parameters: Parameters | None) -> Any:
        return self.persist(lambda: self._sent("GET", path, parameters=parameters))

    def _sent(self, method: str, path: str, **content: Any) -> Any:
        """Return the answer; a token that is not accepted is tried twice, for it may be too new."""
        try:
            return self._send(method, path, **content)
        except Refused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
        self._sleep(_DELAYS[1])
        return self._send(method, path, **content)

    def _send(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        what = f"{method} {path}"
        self.requests_made += 1
        if method != "GET":
            self._wrote()
        try:
            _headers, answer = self._requester.requestJsonAndCheck(
                method,
                path,
                parameters=None if parameters is None else dict(parameters),
                input=None if body is None else dict(body),
            )
        except GithubException as error:
            raise self._translated(what, error) from None
        except requests.RequestException as error:
            raise Unanswered(f"{what}: {_in_short(error)}") from None
        # PyGithub asks a broken answer for what an error's answer should hold.
        except (ValueError, AttributeError, TypeError):
            raise Unanswered(f"{what}: GitHub's answer is not JSON") from None
        return answer

    def _translated(self, what: str, error: GithubException) -> ForgeError | TryLater | Unanswered:
        headers = {name.lower(): text for name, text in (error.headers or {}).items()}
        said = printable(str(error.data.get("message", "")) if isinstance(error.data, dict) else "")
        if error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
            at = self._try_again_at(error.status, headers, said)
            if at is not None:
                return TryLater(f"{what}: GitHub's rate limit is reached ({said})", at)
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unanswered(f"{what}: HTTP {error.status}")
        return Refused(_refusal(what, error, headers, said), error.status)

    def _try_again_at(self, status: int, headers: Mapping[str, str], said: str) -> float | None:
        """Return when a limit ends, None for an answer that is about no limit.

        https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
        """
        now = self._clock()
        after = _seconds(headers.get("retry-after"), now)
        if after is not None:
            return now + max(after, 1.0)
        if headers.get("x-ratelimit-remaining") == "0":
            reset = _number(headers.get("x-ratelimit-reset"))
            return max(reset, now + 1.0) if reset is not None else now + _SECONDARY_DELAY
        if (
            status == HTTPStatus.TOO_MANY_REQUESTS
            or "rate limit" in said.lower()
            or "abuse" in said.lower()
        ):
            return now + _SECONDARY_DELAY
        return None


def _object(answer: Any, path: str) -> dict[str, Any]:
    if isinstance(answer, dict) and set(answer) != {"data"}:  # PyGithub's word for what is no JSON
        return answer
    raise Unanswered(f"{path}: GitHub's answer is no JSON object")


def _refusal(what: str, error: GithubException, headers: Mapping[str, str], said: str) -> str:
    text = f"{what}: GitHub refuses, HTTP {error.status}: {said or 'no reason given'}"
    details = error.data.get("errors") if isinstance(error.data, dict) else None
    if details:
        text += f" ({printable(str(details))[:500]})"
    if error.status == HTTPStatus.UNAUTHORIZED:
        return f"{text}; the token is not valid, or no longer"
    if needed := headers.get("x-accepted-github-permissions"):
        return f"{text}; the token needs the permission {_permissions(needed)}"
    return text


def _permissions(accepted: str) -> str:
    """Return the header's alternatives as they are written in a workflow's `permissions:`.

    >>> _permissions("issues=write; pull_requests=write")
    '`issues: write` or `pull-requests: write`'
    """
    alternatives = [part.strip() for part in accepted.split(";") if part.strip()]
    shown = [
        " and ".join(
            f"`{printable(name).replace('_', '-')}: {printable(level)}`"
            for name, _, level in (item.strip().partition("=") for item in part.split(","))
        )
        for part in alternatives
    ]
    return " or ".join(shown)


def _seconds(text: str | None, now: float) -> float | None:
    """Return what a Retry-After says: seconds, or a date."""
    if text is None:
        return None
    number = _number(text)
    if number is not None:
        return number
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except ValueError:
        return _SECONDARY_DELAY


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _in_short(error: requests.RequestException) -> str:
    """Return what happened to a connection, without addresses and object names."""
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT} s"
    return f"the connection failed ({type(error).__name__})"
