"""Requests to GitHub's REST API, with what can go wrong with them told apart.

PyGithub carries the requests: it knows about authentication, Enterprise's addresses and
connections. What it retries or waits for by itself is turned off: it would repeat a POST that had
taken effect, and sleep for up to an hour inside a call. Its reading of answers is passed over too:
it takes HTML, and a redirect of a write, for success.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Literal, TypeVar
from urllib.parse import urljoin, urlsplit

import github
import requests
from github import Auth
from requests.utils import parse_header_links

from bot.errors import ForgeError, TryLater, Unanswered
from bot.forges.github.credentials import Credentials, FixedToken
from bot.model import printable

PAGE = 100
MOST_PAGES = 100
TIMEOUT = 15
"""Seconds to wait for a connection, and for each part of an answer."""

LONGEST_PERSISTENCE = 30.0
"""Seconds after which nothing is tried again within one call."""

_DELAYS = (0.3, 1.0, 2.0, 3.0)
"""Seconds before something is tried again."""

_SECONDARY_DELAY = 60.0
"""https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api"""

_MOVED = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)
_MOST_MOVES = 3

Parameters = Mapping[str, str | int | bool]
T = TypeVar("T")


class Refused(ForgeError):
    """GitHub understood and will not: `status` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Signature(Auth.Auth):
    """Signs each request with the token of that moment."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    @property
    def token_type(self) -> str:
        return "Bearer"

    @property
    def token(self) -> str:
        return self._credentials.token()


class Api:
    """The way to one server with a token, what gives tokens, or None for what anybody may ask.

    Not for several threads at once.

    *wrote* is called for each request that may change something, *limited* with the time until
    which GitHub wants nothing to be asked. Every method raises TryLater when
    a limit is reached (no request should be made before its `at`), Refused when GitHub says no, and
    Unanswered when no sensible answer came: 5xx, a broken connection, HTML instead of JSON.
    """

    def __init__(
        self,
        base_url: str,
        token: str | Credentials | None,
        *,
        wrote: Callable[[], None] = lambda: None,
        limited: Callable[[float], None] = lambda at: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wrote = wrote
        self._limited = limited
        self._credentials = (
            FixedToken(token or "") if token is None or isinstance(token, str) else token
        )
        self._clock = clock
        self._sleep = sleep
        self._base_url = base_url.rstrip("/")
        self._requester = github.Github(
            auth=None if token is None else _Signature(self._credentials),
            base_url=self._base_url,
            timeout=TIMEOUT,
            user_agent="nbci",
            per_page=PAGE,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ).requester
        self._persists_until: float | None = None
        self._behind = 0.0
        self._link = ""

    @property
    def seconds_behind(self) -> float:
        """By how many seconds our clock was behind GitHub's at the last answer."""
        return self._behind

    def get(self, path: str, parameters: Parameters | None = None) -> dict[str, Any]:
        """Return the object at *path*, asking again a few times where no answer comes."""
        return _object(self._read(path, parameters), path)

    def pages(
        self, path: str, parameters: Parameters | None = None, *, key: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the objects of a list, page after page; *key* names the list inside the answer."""
        before: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            asked = {**(parameters or {}), "per_page": PAGE, "page": page}
            answer = self._read(path, asked)
            found = answer.get(key) if key and isinstance(answer, dict) else answer
            if not isinstance(found, list):
                raise Unanswered(f"GET {path}: GitHub's answer holds no list")
            if key and page == 1 and not found and answer.get("total_count"):
                raise Unanswered(f"GET {path}: GitHub's answer leaves out what it counts")
            if found and found == before:  # what follows a redirect may lose the page's number
                raise Unanswered(f"GET {path}: page {page} is the one before once more")
            for item in found:
                yield _object(item, path)
            if len(found) < PAGE:
                return
            before = found
        raise Unanswered(f"GET {path}: more than {MOST_PAGES} pages")

    def following_pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the objects of a list whose next page only the answer knows, in its Link header."""
        url: str | None = f"{path}?per_page={PAGE}"
        asked: set[str] = set()
        for _ in range(MOST_PAGES):
            if url is None:
                return
            if url in asked:
                raise Unanswered(f"GET {path}: the pages lead in a circle")
            asked.add(url)
            answer, link = self.persist(partial(self._linked, url))
            if not isinstance(answer, list):
                raise Unanswered(f"GET {path}: GitHub's answer holds no list")
            for item in answer:
                yield _object(item, path)
            url = self._next(path, link)
        raise Unanswered(f"GET {path}: more than {MOST_PAGES} pages")

    def _linked(self, url: str) -> tuple[Any, str]:
        answer = self._sent("GET", url)
        return answer, self._link

    def _next(self, path: str, link: str) -> str | None:
        found = next(
            (one.get("url") for one in parse_header_links(link) if one.get("rel") == "next"), None
        )
        return None if found is None else self._place(f"GET {path}", found)

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

        It must first look for what its last, interrupted try left behind. Nothing is tried again
        once half a minute has passed, steps within steps included.
        """
        is_outermost = self._persists_until is None
        if self._persists_until is None:
            self._persists_until = self._clock() + LONGEST_PERSISTENCE
        try:
            return self._persist(step, self._persists_until)
        finally:
            if is_outermost:
                self._persists_until = None

    def _persist(self, step: Callable[[], T], until: float) -> T:
        for delay in _DELAYS:
            try:
                return step()
            except Unanswered:
                if self._clock() + delay > until:
                    raise
                self._sleep(delay)
        return step()

    def _read(self, path: str, parameters: Parameters | None) -> Any:
        return self.persist(lambda: self._sent("GET", path, parameters=parameters))

    def _sent(self, method: str, path: str, **content: Any) -> Any:
        """Return the answer, tried twice where the token is not accepted.

        The second time with another token or, where there is no other, once it is not so new.
        """
        token = self._credentials.token()
        try:
            return self._send(method, path, **content)
        except Refused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
        if not self._credentials.renew(token, self._behind):
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
        what, url = f"{method} {path}", path
        for _ in range(_MOST_MOVES):
            status, headers, text = self._exchange(method, url, what, parameters, body)
            if status not in _MOVED:
                return self._read_answer(what, status, headers, text)
            # PyGithub follows those of 301 alone.
            url, parameters = self._place(what, headers.get("location", "")), None
        raise Refused(f"{what}: GitHub leads elsewhere again and again", status)

    def _place(self, what: str, location: str) -> str:
        """Return where a redirect leads; the token is not for any other host."""
        place = urljoin(self._base_url, location)
        there, here = urlsplit(place), urlsplit(self._base_url)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise Unanswered(f"{what}: GitHub leads elsewhere: {printable(there.netloc)}")
        return place

    def _exchange(
        self,
        method: str,
        url: str,
        what: str,
        parameters: Parameters | None,
        body: Mapping[str, Any] | None,
    ) -> tuple[int, dict[str, str], str]:
        """Send one request and return the status, the headers and the text of what comes back."""
        if method != "GET":
            self._wrote()
        try:
            status, headers, text = self._requester.requestJson(
                method,
                url,
                parameters=None if parameters is None else dict(parameters),
                input=None if body is None else dict(body),
            )
        except requests.RequestException as error:
            raise Unanswered(f"{what}: {_in_short(error)}") from None
        # What PyGithub says of a redirect to another host, and of one that leads to itself.
        except (AssertionError, RuntimeError) as error:
            raise Unanswered(f"{what}: GitHub leads elsewhere: {printable(str(error))}") from None
        except ValueError:
            raise Unanswered(f"{what}: GitHub's answer is not text") from None
        lower = {name.lower(): str(value) for name, value in headers.items()}
        now = self._clock()
        self._behind = (_date(lower.get("date")) or now) - now
        self._link = lower.get("link", "")
        return status, lower, text

    def _read_answer(self, what: str, status: int, headers: Mapping[str, str], text: str) -> Any:
        if status >= HTTPStatus.BAD_REQUEST:
            raise self._translated(what, status, headers, text)
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise Unanswered(f"{what}: HTTP {status}")
        if not text:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise Unanswered(f"{what}: GitHub's answer is not JSON") from None

    def _translated(
        self, what: str, status: int, headers: Mapping[str, str], text: str
    ) -> ForgeError | TryLater | Unanswered:
        data = _error_of(text)
        said = printable(str(data.get("message") or ""))[:500]
        if status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
            at = self._try_again_at(status, headers, said)
            if at is not None:
                self._limited(at)
                return TryLater(f"{what}: GitHub's rate limit is reached ({said})", at)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unanswered(f"{what}: HTTP {status}")
        return Refused(_refusal(what, status, headers, data, said), status)

    def _try_again_at(self, status: int, headers: Mapping[str, str], said: str) -> float | None:
        """Return when a limit ends, None for an answer that is about no limit.

        What GitHub says is a time of its own clock, which ours need not agree with.
        https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
        """
        now = self._clock()
        theirs = _date(headers.get("date")) or now
        after = _seconds(headers.get("retry-after"), theirs)
        if after is not None:
            return now + max(after, 1.0)
        if headers.get("x-ratelimit-remaining") == "0":
            reset = _number(headers.get("x-ratelimit-reset"))
            return now + (_SECONDARY_DELAY if reset is None else max(reset - theirs, 1.0))
        if (
            status == HTTPStatus.TOO_MANY_REQUESTS
            or "rate limit" in said.lower()
            or "abuse" in said.lower()
        ):
            return now + _SECONDARY_DELAY
        return None


def _object(answer: Any, path: str) -> dict[str, Any]:
    if isinstance(answer, dict):
        return answer
    raise Unanswered(f"{path}: GitHub's answer is no JSON object")


def _error_of(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _refusal(
    what: str, status: int, headers: Mapping[str, str], data: Mapping[str, Any], said: str
) -> str:
    text = f"{what}: GitHub refuses, HTTP {status}: {said or 'no reason given'}"
    if data.get("errors"):
        text += f" ({printable(str(data['errors']))[:500]})"
    if status == HTTPStatus.UNAUTHORIZED:
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
    date = _date(text)
    return _SECONDARY_DELAY if date is None else date - now


def _date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None


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
