"""What a token must be allowed for an operation, and how GitHub says that it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fakes.github.accounts import Token
from fakes.github.answers import Refusal
from fakes.github.call import Call


@dataclass(frozen=True)
class Endpoint:
    """What answers an operation, and the permissions of which one is enough.

    *permissions* is written as GitHub does in X-Accepted-GitHub-Permissions, such as
    "issues=write; pull_requests=write". *apps_only* is what people may not do, and *everybody*
    what they may wherever they can read. What depends on the call is a function of it.
    """

    answer: Callable[[Call], Any]
    permissions: str | Callable[[Call], str] = ""
    apps_only: bool = False
    everybody: bool = False


def require(call: Call, endpoint: Endpoint) -> None:
    """Raise the refusal of a token that may not do this."""
    permissions = endpoint.permissions
    if callable(permissions):
        permissions = permissions(call)
    if not permissions:
        return
    wanted = [item.strip().partition("=")[::2] for item in permissions.split(";")]
    if call.token is None:
        _require_nothing(call, wanted)
    elif call.token.app is None and endpoint.apps_only:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    elif not _is_enough(call, call.token, endpoint, wanted):
        raise _refusal(call.token, permissions)


def _require_nothing(call: Call, wanted: list[tuple[str, str]]) -> None:
    """Raise unless no token is needed."""
    if call.repository.private or any(level == "write" for _, level in wanted):
        raise Refusal(401, "Requires authentication")


def _is_enough(call: Call, token: Token, endpoint: Endpoint, wanted: list[tuple[str, str]]) -> bool:
    repository = call.repository
    if token.app is None and endpoint.everybody:
        return True
    return any(token.may(name, level, repository) for name, level in wanted)


def _refusal(token: Token, permissions: str) -> Refusal:
    headers = {"X-Accepted-GitHub-Permissions": permissions}
    if token.app is not None:
        return Refusal(403, "Resource not accessible by integration", headers=headers)
    return Refusal(403, "Must have push access to repository.")
