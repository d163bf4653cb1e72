"""The rest of a response: what the description requires and the fake has nothing to say about.

GitHub's answers hold hundreds of keys. The fake's endpoints give those that mean something here;
the others are filled in from the schema of the response, so that every answer is one that GitHub
could have given.
"""

from __future__ import annotations

from typing import Any

from fakes.github.description import resolve

_URL = "https://github.example/"
_BY_FORMAT = {"date-time": "2026-01-02T03:04:05Z", "uri": _URL, "email": "nobody@example.org"}
_BY_TYPE: dict[str, Any] = {"integer": 0, "number": 0, "boolean": False, "null": None}


def complete(schema: dict[str, Any], value: Any) -> Any:
    """Return *value* with every key that *schema* requires and it does not have."""
    schema = resolve(schema)
    if isinstance(value, list):
        items = schema_for(schema, value).get("items", {})
        return [complete(items, item) for item in value]
    if isinstance(value, dict):
        return _complete_object(schema_for(schema, value), value)
    return value


def schema_for(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    """Return the part of a schema with alternatives that *value* is meant for."""
    schema = resolve(schema)
    for word in ("anyOf", "oneOf"):
        fitting = [part for part in map(resolve, schema.get(word, [])) if _fits(part, value)]
        if fitting:
            return schema_for(fitting[0], value)
    if "allOf" in schema:
        return _together(schema)
    return schema


def minimal(schema: dict[str, Any]) -> Any:
    """Return the least value that a schema allows: null where it may be null."""
    schema = resolve(schema)
    if "enum" in schema:
        return None if None in schema["enum"] else schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            parts = [minimal(part) for part in schema[word]]
            return None if None in parts else parts[0]
    schema = _together(schema)
    kinds = schema.get("type", "object" if "properties" in schema else "null")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "null" in kinds:
        return None
    return _of_kind(kinds[0], schema)


def _of_kind(kind: str, schema: dict[str, Any]) -> Any:
    if kind == "object":
        return _complete_object(schema, {})
    if kind == "array":
        return [minimal(schema["items"]) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", ""), "x" * schema.get("minLength", 0))
    return schema.get("minimum", _BY_TYPE[kind])


def _complete_object(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    known = schema.get("properties", {})
    extra = schema.get("additionalProperties")
    extra = extra if isinstance(extra, dict) else {}
    made = {name: complete(known.get(name, extra), item) for name, item in value.items()}
    for name in schema.get("required", ()):
        if name not in made:
            made[name] = minimal(known.get(name, {}))
    return made


def _together(schema: dict[str, Any]) -> dict[str, Any]:
    if "allOf" not in schema:
        return schema
    parts = [_together(resolve(part)) for part in schema["allOf"]]
    parts.append({key: value for key, value in schema.items() if key != "allOf"})
    made: dict[str, Any] = {}
    for part in parts:
        made.update(part)
    made["properties"] = {
        name: item for part in parts for name, item in part.get("properties", {}).items()
    }
    made["required"] = [name for part in parts for name in part.get("required", ())]
    return made


_PYTHON = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def _fits(schema: dict[str, Any], value: Any) -> bool:
    kinds = schema.get("type", "object" if "properties" in schema else None)
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if None not in kinds and not any(
        isinstance(value, _PYTHON.get(k, (int, float))) for k in kinds
    ):
        return False
    if not isinstance(value, dict):
        return True
    chosen = {
        name: item["enum"] for name, item in schema.get("properties", {}).items() if "enum" in item
    }
    return all(value[name] in enum for name, enum in chosen.items() if name in value)
