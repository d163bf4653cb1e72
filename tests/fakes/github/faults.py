"""What can go wrong between a client and GitHub, on demand or by chance."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from werkzeug.wrappers import Response

Kind = Literal[
    "500_before",
    "502_before",
    "503_before",
    "502_after",
    "reset_before",
    "reset_after",
    "truncated",
    "html",
    "empty_page",
    "link_loop",
    "slow",
    "unauthorized",
    "not_found",
    "primary_limit",
    "secondary_limit",
]
BY_CHANCE: tuple[Kind, ...] = (
    "500_before",
    "502_before",
    "503_before",
    "502_after",
    "reset_before",
    "reset_after",
    "truncated",
    "html",
)
_HTML = "<html><head><title>Unicorn!</title></head><body>We had issues.</body></html>"
_NOT_FOR_GIT = {"empty_page", "link_loop"}


class ResetConnection(ConnectionError):
    """The client is to find its connection reset."""


@dataclass
class Fault:
    """A fault that waits for its requests; *struck* counts how often it happened."""

    kind: Kind
    method: str | None = None
    path: re.Pattern[str] | None = None
    times: int = 1
    after: int = 0
    status: int = 403
    seconds: float | None = None
    retry_after: int | str | None = None
    struck: int = 0

    def strikes(self, method: str, path: str) -> bool:
        if self.struck >= self.times or self.method not in (None, method):
            return False
        if self.path and not self.path.search(path):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.struck += 1
        return True


@dataclass
class Faults:
    """The faults a test asked for, and those that come by chance."""

    planned: list[Fault] = field(default_factory=list)
    rate: float = 0.0
    seed: int = 0
    kinds: tuple[Kind, ...] = BY_CHANCE
    git: bool = False

    def set_random(
        self, seed: int, rate: float, kinds: Iterable[Kind] | None, *, git: bool
    ) -> None:
        self.seed, self.rate, self.git = seed, rate, git
        self.kinds = tuple(kinds or BY_CHANCE)

    def choose(self, number: int, method: str, path: str, *, is_git: bool) -> Fault | None:
        """Return what happens to a request; a planned fault needs a *path* to hit git."""
        for fault in self.planned:
            if (not is_git or fault.path) and fault.strikes(method, path):
                return fault
        if is_git and not self.git:
            return None
        chance = random.Random(f"{self.seed}:{number}")
        if chance.random() >= self.rate:
            return None
        kinds = [kind for kind in self.kinds if not is_git or kind not in _NOT_FOR_GIT]
        return Fault(chance.choice(kinds)) if kinds else None


def before(fault: Fault) -> Response | None:
    """Return what is answered in place of doing what the request asks, None to go on."""
    kind = fault.kind
    if kind == "reset_before":
        raise ResetConnection
    if kind == "slow":
        time.sleep(0.2 if fault.seconds is None else fault.seconds)
        return None
    if kind.endswith("_before"):
        return _refuse(int(kind[:3]), "Server Error")
    if kind == "unauthorized":
        return _refuse(401, "Bad credentials")
    if kind == "not_found":
        return _refuse(404, "Not Found")
    if kind == "primary_limit":
        return _primary_limit(fault)
    return _secondary_limit(fault) if kind == "secondary_limit" else None


def after(fault: Fault, response: Response, url: str) -> Response:
    """Return what becomes of the answer to a request of *url* that was done."""
    if fault.kind == "reset_after":
        raise ResetConnection
    if fault.kind == "502_after":
        return _refuse(502, "Server Error")
    if fault.kind == "html":
        return Response(_HTML, 200, content_type="text/html; charset=utf-8")
    if fault.kind == "empty_page":
        response.set_data(json.dumps(_emptied(json.loads(response.get_data()))))
    if fault.kind == "link_loop":
        response.headers["Link"] = f'<{url}>; rel="next"'
    if fault.kind == "truncated":
        body = response.get_data()
        response.set_data(body[: len(body) // 2])
        response.headers["Content-Length"] = str(max(len(body), 1))
    return response


def _emptied(value: Any) -> Any:
    """Return a page without what it lists, though it still says how many there are."""
    if isinstance(value, list):
        return []
    return {name: [] if isinstance(item, list) else item for name, item in value.items()}


def _refuse(status: int, message: str, **headers: str) -> Response:
    body = {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(body), status, named, content_type="application/json; charset=utf-8")


def _primary_limit(fault: Fault) -> Response:
    reset = int(time.time() + (60 if fault.seconds is None else fault.seconds))
    return _refuse(
        fault.status,
        "API rate limit exceeded for installation ID 1.",
        X_RateLimit_Limit="5000",
        X_RateLimit_Remaining="0",
        X_RateLimit_Used="5000",
        X_RateLimit_Reset=str(reset),
        X_RateLimit_Resource="core",
    )


def _secondary_limit(fault: Fault) -> Response:
    message = (
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    )
    if fault.retry_after is None:
        return _refuse(fault.status, message)
    return _refuse(fault.status, message, Retry_After=str(fault.retry_after))
