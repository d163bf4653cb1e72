"""Which job of a matrix this is, in the words that GitHub puts after the job's name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from bot.model import JsonValue, printable
from bot.report.wording import clipped

_LONGEST = 60


def variant_of(environment: Mapping[str, str]) -> str:
    """Return what tells this job from the others of its matrix; empty where it is the only one.

    Those are the values of the matrix, as in `nbci (3.12, ubuntu-24.04)`, or the job's number where
    there are none, or they are too long for a name.
    https://docs.github.com/actions/reference/workflows-and-actions/contexts#strategy-context
    """
    if environment.get("NBCI_JOB_TOTAL", "") in ("", "0", "1"):
        return ""
    index = environment.get("NBCI_JOB_INDEX", "")
    number = f"job {int(index) + 1}" if index.isdecimal() else "job"
    values = printable(", ".join(_values(_matrix(environment))))
    if len(values) > _LONGEST:
        return f"{clipped(values, _LONGEST)}, {number}"
    return values or number


def _matrix(environment: Mapping[str, str]) -> JsonValue:
    try:
        matrix: JsonValue = json.loads(environment.get("NBCI_MATRIX") or "null")
    except (ValueError, RecursionError):
        return None  # the job's number tells it from the others as well
    return matrix


def _values(value: JsonValue) -> Iterator[str]:
    match value:
        case dict():
            for part in value.values():
                yield from _values(part)
        case list():
            for part in value:
                yield from _values(part)
        case bool():
            yield str(value).lower()
        case None:
            return
        case _:
            yield str(value)
