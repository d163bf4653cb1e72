"""A valid request to an endpoint, and what the endpoints ask of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fakes.github.accounts import Account, Token
from fakes.github.answers import Refusal, Reply, not_found, unprocessable
from fakes.github.description import Operation
from fakes.github.repository import Repository
from werkzeug.wrappers import Request as HttpRequest

if TYPE_CHECKING:
    from fakes.github.github import GitHub


class Call:
    """A request to one operation; *path* holds its path parameters."""

    def __init__(
        self,
        github: GitHub,
        operation: Operation,
        path: dict[str, str],
        http: HttpRequest,
        token: Token | None,
    ) -> None:
        self.github = github
        self.operation = operation
        self.path = path
        self.token = token
        self.accept = http.headers.get("Accept", "*/*")
        self.query = http.args
        self.body: dict[str, Any] = json.loads(http.get_data() or b"{}")
        self._url = http.base_url

    @property
    def repository(self) -> Repository:
        """The repository of the path, if there is one and the token may know of it."""
        found = self.github.repositories.get(f"{self.path['owner']}/{self.path['repo']}")
        if found is None:
            raise not_found()
        if found.private and (self.token is None or not self.token.may_see(found)):
            raise not_found()
        return found

    @property
    def account(self) -> Account:
        """Who acts."""
        if self.token is None:
            raise Refusal(401, "Requires authentication")
        return self.token.account

    def number(self, name: str) -> int:
        """Return a path parameter that is a number."""
        return int(self.path[name])

    def commit(self, name: str) -> str:
        """Return the commit that a path parameter names."""
        sha = self.repository.store.resolve(self.path[name])
        if sha is None:
            raise unprocessable(f"No commit found for SHA: {self.path[name]}")
        return sha

    def page(self, items: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
        """Return one page of *items*, and the Link header to the others."""
        size = min(max(int(self.query.get("per_page", 30)), 1), 100)
        number = max(int(self.query.get("page", 1)), 1)
        last = max(-(-len(items) // size), 1)
        part = list(items[(number - 1) * size : number * size])
        return part, self._links(number, last)

    def _links(self, number: int, last: int) -> dict[str, str]:
        pages = {}
        if number > 1:
            pages["prev"] = min(number - 1, last)
        if number < last:
            pages["next"] = number + 1
            pages["last"] = last
        if number > 1:
            pages["first"] = 1
        given = {name: value for name, value in self.query.items() if name != "page"}
        links = [
            f'<{self._url}?{urlencode({**given, "page": page})}>; rel="{relation}"'
            for relation, page in pages.items()
        ]
        return {"Link": ", ".join(links)} if links else {}

    def listed(self, items: Sequence[Any], shape: Any = None) -> Reply:
        """Return the reply that is one page of *items*, each put in shape."""
        part, headers = self.page(items)
        return Reply([shape(item) for item in part] if shape else part, headers=headers)

    def counted(self, name: str, items: Sequence[Any], shape: Any) -> Reply:
        """Return the reply that counts all *items* and holds one page of them under *name*."""
        part, headers = self.page(items)
        value = {"total_count": len(items), name: [shape(item) for item in part]}
        return Reply(value, headers=headers)
