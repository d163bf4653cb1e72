"""What GitHub demands of a check run beyond what its OpenAPI description can say.

https://docs.github.com/rest/checks/runs#create-a-check-run
"""

from __future__ import annotations

from typing import Any

from fakes.github.answers import invalid

_KILOBYTES_64 = 64 * 1024
_TITLE_CHARACTERS = 255


def check_state(body: dict[str, Any]) -> None:
    """Raise unless status, conclusion and completion fit together."""
    status, conclusion = body.get("status"), body.get("conclusion")
    if conclusion is None and (status == "completed" or body.get("completed_at")):
        raise invalid('Invalid request.\n\nMissing required key "conclusion".')
    if conclusion == "stale":
        raise invalid("Invalid request.\n\nOnly GitHub can conclude a check run as stale.")


def check_output(body: dict[str, Any]) -> None:
    """Raise for annotations that point nowhere or say too much."""
    for number, annotation in enumerate(body.get("output", {}).get("annotations", [])):
        for mistake in _annotation_mistakes(annotation):
            raise invalid(f"Invalid request.\n\noutput.annotations[{number}]: {mistake}")


def _annotation_mistakes(annotation: dict[str, Any]) -> list[str]:
    mistakes = []
    start, end = annotation["start_line"], annotation["end_line"]
    if not annotation["path"]:
        mistakes.append("path is empty")
    if not annotation["message"]:
        mistakes.append("message is empty")
    if start < 1 or end < start:
        mistakes.append(f"end_line {end} comes before start_line {start}, or line 1")
    if start != end and ("start_column" in annotation or "end_column" in annotation):
        mistakes.append("start_column and end_column need start_line and end_line to be the same")
    if len(annotation.get("title", "")) > _TITLE_CHARACTERS:
        mistakes.append("title is too long (maximum is 255 characters)")
    mistakes += [
        f"{name} is too long (maximum is 64 KB)"
        for name in ("message", "raw_details")
        if len(annotation.get(name, "").encode("utf-8", "replace")) > _KILOBYTES_64
    ]
    return mistakes
