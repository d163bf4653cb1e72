"""Make openapi/ and webhooks/ again from the npm packages of their authors.

    python tests/fakes/github/condense.py

It needs npm. Of GitHub's OpenAPI description all operations stay, without what is only for people
(descriptions, examples), and its schemas become JSON Schema 2020-12: OpenAPI 3.0 has its own word
`nullable` and its own `exclusiveMinimum`.
"""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

DESCRIPTION = "@octokit/openapi@23.0.2"
PAYLOADS = "@octokit/webhooks-examples@7.6.1"

HERE = Path(__file__).parent
METHODS = ("get", "post", "put", "patch", "delete")
FOR_PEOPLE = {
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "readOnly",
    "title",
    "writeOnly",
}
# Keywords whose value is a schema, a list of schemas, or schemas by name.
HOLDS_SCHEMA = {"additionalProperties", "items", "not"}
HOLDS_LIST = {"allOf", "anyOf", "oneOf"}
HOLDS_NAMES = {"patternProperties", "properties"}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        description = json.loads(read(folder, DESCRIPTION, "generated/api.github.com.json"))
        licence = read(folder, DESCRIPTION, "LICENSE")
        payloads = json.loads(read(folder, PAYLOADS, "api.github.com/index.json"))
    write(HERE / "openapi" / "api.github.com.json.xz", condense(description))
    (HERE / "openapi" / "LICENSE").write_bytes(licence)
    events = {event["name"]: event["examples"] for event in payloads}
    write(HERE / "webhooks" / "payloads.json.xz", events)


def read(folder: Path, package: str, path: str) -> bytes:
    """Return a file of an npm package, which is fetched once."""
    place = folder / package.replace("/", "_")
    if not place.exists():
        place.mkdir()
        subprocess.run(["npm", "pack", "--silent", package], cwd=place, check=True)
    with tarfile.open(next(place.glob("*.tgz"))) as archive:
        member = archive.extractfile(f"package/{path}")
        assert member is not None, path
        return member.read()


def write(place: Path, value: Any) -> None:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    packed = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    place.write_bytes(packed)
    sys.stdout.write(f"{place}: {len(packed):,} bytes, {len(text):,} unpacked\n")


def condense(description: dict[str, Any]) -> dict[str, Any]:
    """Return the operations and the schemas they use, and nothing else."""
    paths = {
        path: {
            method: operation(item[method], item.get("parameters", []), description)
            for method in METHODS
            if method in item
        }
        for path, item in description["paths"].items()
    }
    schemas = description["components"]["schemas"]
    used = {name: schema(schemas[name]) for name in sorted(reachable(paths, schemas))}
    return {"package": DESCRIPTION, "paths": paths, "components": {"schemas": used}}


def operation(
    given: dict[str, Any], shared: list[Any], description: dict[str, Any]
) -> dict[str, Any]:
    parameters = [resolve(item, description) for item in [*shared, *given.get("parameters", [])]]
    responses = {
        status: content(resolve(item, description))
        for status, item in given.get("responses", {}).items()
    }
    made: dict[str, Any] = {
        "operationId": given["operationId"],
        "url": given.get("externalDocs", {}).get("url", ""),
        "apps": given.get("x-github", {}).get("enabledForGitHubApps", False),
        "parameters": [parameter(item) for item in parameters],
        "responses": {status: schemas for status, schemas in responses.items() if schemas},
    }
    if "requestBody" in given:
        body = resolve(given["requestBody"], description)
        made["body"] = {"required": body.get("required", False), "content": content(body)}
    return made


def parameter(given: dict[str, Any]) -> dict[str, Any]:
    made = {
        "name": given["name"],
        "in": given["in"],
        "required": given.get("required", False),
        "schema": schema(given["schema"]),
    }
    if given.get("x-multi-segment"):
        made["segments"] = True
    return made


def content(given: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: schema(item["schema"])
        for kind, item in given.get("content", {}).items()
        if "schema" in item
    }


def resolve(given: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in given:
        found: Any = description
        for part in given["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        given = found
    return given


def schema(given: Any) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema."""
    if not isinstance(given, dict):
        return given
    if "$ref" in given:
        made = {"$ref": given["$ref"]}
    else:
        made = {
            key: below(key, value)
            for key, value in given.items()
            if key not in FOR_PEOPLE and key != "nullable" and not key.startswith("x-")
        }
    exclusive(made)
    return nullable(made) if given.get("nullable") else made


def below(key: str, value: Any) -> Any:
    if key in HOLDS_SCHEMA:
        return schema(value)
    if key in HOLDS_LIST:
        return [schema(item) for item in value]
    if key in HOLDS_NAMES:
        return {name: schema(item) for name, item in value.items()}
    return value


def exclusive(made: dict[str, Any]) -> None:
    for word, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if made.get(word) is True:
            made[word] = made.pop(bound)
        elif made.get(word) is False:
            del made[word]


def nullable(made: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(made.get("type"), str) or HOLDS_LIST & made.keys():
        return {"anyOf": [made, {"type": "null"}]} if made else made
    made["type"] = [made["type"], "null"]
    if "enum" in made and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    return made


def reachable(value: Any, schemas: dict[str, Any]) -> set[str]:
    """Return the names of the schemas that *value* uses, and those that they use in turn."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            name = str(item.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
            waiting.extend(item.values())
    return found


if __name__ == "__main__":
    main()
