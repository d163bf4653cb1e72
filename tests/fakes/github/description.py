"""GitHub's OpenAPI description: which operation a request means, and the schemas it has.

The description is @octokit/openapi, condensed by condense.py.
"""

from __future__ import annotations

import functools
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "openapi" / "api.github.com.json.xz"


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path."""

    id: str
    method: str
    template: str
    url: str
    for_apps: bool
    parameters: tuple[dict[str, Any], ...]
    body: dict[str, Any] | None
    responses: dict[str, dict[str, Any]]

    def parameters_in(self, place: str) -> dict[str, dict[str, Any]]:
        return {item["name"]: item for item in self.parameters if item["in"] == place}

    def response_schema(self, status: int) -> dict[str, Any] | None:
        return self.responses.get(str(status), {}).get("application/json")


@functools.cache
def load() -> dict[str, Any]:
    """Return the whole description."""
    loaded: dict[str, Any] = json.loads(lzma.decompress(_FILE.read_bytes()))
    return loaded


def schemas() -> dict[str, Any]:
    named: dict[str, Any] = load()["components"]["schemas"]
    return named


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that a reference names."""
    while "$ref" in schema:
        schema = schemas()[schema["$ref"].removeprefix("#/components/schemas/")]
    return schema


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Return the operation of a request and its path parameters, or None if there is none.

    Words of a path count for more than parameters, so `/repos/o/r/issues/comments/1` is never
    the issue named "comments".
    """
    # `contents/` is the top folder: a path that is empty, but there.
    parts = path.removeprefix("/").split("/")
    for template, values in _matches(_tree(), parts):
        given = load()["paths"][template].get(method.lower())
        if given:
            return _operation(method.lower(), template), values
    return None


def operations() -> Iterator[Operation]:
    """Yield all operations there are."""
    for template, item in load()["paths"].items():
        for method in item:
            yield _operation(method, template)


@functools.cache
def _operation(method: str, template: str) -> Operation:
    given = load()["paths"][template][method]
    return Operation(
        id=given["operationId"],
        method=method.upper(),
        template=template,
        url=given["url"],
        for_apps=given["apps"],
        parameters=tuple(given["parameters"]),
        body=given.get("body"),
        responses=given["responses"],
    )


@dataclass
class _Node:
    words: dict[str, _Node]
    parameters: dict[str, _Node]
    template: str | None = None


@functools.cache
def _tree() -> _Node:
    """Return all paths as a tree of their segments."""
    root = _Node({}, {})
    for template, item in load()["paths"].items():
        if "}...{" in template:
            continue  # the older name of comparing, which `{basehead}` covers
        many = {
            parameter["name"]
            for operation in item.values()
            for parameter in operation["parameters"]
            if parameter.get("segments")
        }
        node = root
        for segment in template.strip("/").split("/"):
            node = _below(node, segment, many)
        node.template = template
    return root


def _below(node: _Node, segment: str, many: set[str]) -> _Node:
    if not segment.startswith("{"):
        return node.words.setdefault(segment, _Node({}, {}))
    name = segment.strip("{}")
    return node.parameters.setdefault(f"{name}/" if name in many else name, _Node({}, {}))


def _matches(node: _Node, parts: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    if not parts:
        if node.template:
            yield node.template, {}
        return
    if parts[0] in node.words:
        yield from _matches(node.words[parts[0]], parts[1:])
    for name, below in node.parameters.items():
        longest = len(parts) if name.endswith("/") else 1
        for length in range(1, longest + 1):
            value = "/".join(parts[:length])
            for template, values in _matches(below, parts[length:]):
                yield template, {name.rstrip("/"): value, **values}
