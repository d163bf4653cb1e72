"""Whether a request is one that GitHub's OpenAPI description allows.

Stricter than GitHub in one way: a key or query parameter that the description does not know is a
mistake here, where GitHub would quietly ignore it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from fakes.github.description import Operation, resolve, schemas
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.protocols import Validator

_FORMATS = FormatChecker(formats=())
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@_FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(_DATE_TIME.fullmatch(value))


@_FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(re.match(r"[a-z][a-z0-9+.-]*:\S+$", value))


def request_mistakes(
    operation: Operation,
    path_values: Mapping[str, str],
    query: Mapping[str, list[str]],
    content_type: str,
    body: bytes,
) -> list[str]:
    """Return what is wrong with a request, nothing if it is valid."""
    known = operation.parameters_in("query")
    mistakes = [f"unknown query parameter '{name}'" for name in query if name not in known]
    for name, item in known.items():
        mistakes += _query_mistakes(name, item, query.get(name))
    for name, item in operation.parameters_in("path").items():
        mistakes += _value_mistakes(name, item["schema"], path_values[name])
    return mistakes + _body_mistakes(operation, content_type, body)


def response_mistakes(operation: Operation, status: int, value: Any) -> list[str]:
    """Return how a response differs from what the description promises."""
    if str(status) not in operation.responses:
        return [f"{operation.id} never answers {status}"] if value is not None else []
    validator = _validator(operation, "response", str(status))
    return [
        f"{_place(error.absolute_path)}: {error.message}" for error in validator.iter_errors(value)
    ]


def _query_mistakes(name: str, item: dict[str, Any], values: list[str] | None) -> list[str]:
    if values is None:
        return [f"query parameter '{name}' is missing"] if item["required"] else []
    if len(values) > 1 and item["schema"].get("type") != "array":
        return [f"query parameter '{name}' is given {len(values)} times"]
    return [mistake for value in values for mistake in _value_mistakes(name, item["schema"], value)]


def _value_mistakes(name: str, schema: dict[str, Any], text: str) -> list[str]:
    value = _typed(resolve(schema), text)
    validator = _parameter_validator(json.dumps(schema))
    return [f"parameter '{name}': {error.message}" for error in validator.iter_errors(value)]


def _typed(schema: dict[str, Any], text: str) -> Any:
    """Return a parameter's text as the type it is meant to have, or as text where it is not."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "array":
        return [_typed(resolve(schema.get("items", {})), part) for part in text.split(",")]
    return text


@functools.cache
def _parameter_validator(schema: str) -> Validator:
    return _make({**json.loads(schema), "components": {"schemas": schemas()}})


def _body_mistakes(operation: Operation, content_type: str, body: bytes) -> list[str]:
    if operation.body is None:
        return ["this operation takes no body"] if body.strip() not in (b"", b"{}") else []
    if not body:
        return ["the body is missing"] if operation.body["required"] else []
    kinds = operation.body["content"]
    kind = content_type.partition(";")[0].strip()
    if kind not in kinds:
        return [f"Content-Type is {kind!r}, expected {' or '.join(kinds)}"]
    if kind != "application/json":
        return []
    try:
        value = json.loads(body)
    except ValueError as error:
        return [f"Problems parsing JSON: {error}"]
    validator = _validator(operation, "request", kind)
    return [
        f"{_place(error.absolute_path)}: {_say(error.message)}"
        for error in validator.iter_errors(value)
    ]


@functools.cache
def _validator(operation: Operation, side: str, key: str) -> Validator:
    if side == "response":
        schema = operation.responses[key]["application/json"]
        return _make({**schema, "components": {"schemas": schemas()}})
    assert operation.body is not None
    return _make(_closed(operation.body["content"][key]))


def _make(schema: dict[str, Any]) -> Validator:
    return Draft202012Validator(schema, format_checker=_FORMATS)


def _closed(schema: Any, inside: bool = False) -> Any:
    """Return a schema with no references, whose objects allow the keys they name and no others.

    Parts of one `allOf`, `anyOf` or `oneOf` describe the same object together, so there it is the
    whole that is closed.
    """
    if not isinstance(schema, dict):
        return schema
    schema = dict(resolve(schema))
    groups = [word for word in ("allOf", "anyOf", "oneOf") if word in schema]
    for word in groups:
        schema[word] = [_closed(part, inside=True) for part in schema[word]]
    if "properties" in schema:
        schema["properties"] = {name: _closed(part) for name, part in schema["properties"].items()}
    if "items" in schema:
        schema["items"] = _closed(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _closed(schema["additionalProperties"])
    if not inside and "additionalProperties" not in schema and _names_keys(schema):
        schema["unevaluatedProperties" if groups else "additionalProperties"] = False
    return schema


def _names_keys(schema: dict[str, Any]) -> bool:
    parts = [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, [])]
    return "properties" in schema or any(
        isinstance(part, dict) and _names_keys(part) for part in parts
    )


def _place(path: Any) -> str:
    return ".".join(str(part) for part in path) or "body"


def _say(message: str) -> str:
    """Return a message without the tens of thousands of characters that made it one."""
    return message if len(message) < 300 else f"{message[:140]} ... {message[-140:]}"
