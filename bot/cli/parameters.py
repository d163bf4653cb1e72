"""What the command line takes as values: `-p NAME=VALUE`, and minutes."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from bot.model import JsonValue


class _Parameter(click.ParamType[tuple[str, JsonValue]]):
    """`NAME=VALUE` as a pair; the value is JSON where it can be, text otherwise.

    Python's spelling of constants (True, None) is understood too, as papermill does.
    """

    name = "parameter"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, JsonValue]:
        name, equals, text = value.partition("=")
        if not equals or not name.isidentifier():
            self.fail(f"{value!r} is not NAME=VALUE with a name that is an identifier", param, ctx)
        return name, _value(text)


def _value(text: str) -> JsonValue:
    constants: dict[str, JsonValue] = {"True": True, "False": False, "None": None}
    if text in constants:
        return constants[text]
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text
    return value


def _no_constant(text: str) -> None:
    raise ValueError(text)


class _Minutes(click.FloatRange):
    """A positive number of minutes; Python would take "nan" and "inf" for numbers too."""

    name = "minutes"

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        minutes = float(super().convert(value, param, ctx))
        if not math.isfinite(minutes):
            self.fail(f"{value!r} is not a number of minutes", param, ctx)
        return minutes


PARAMETER = _Parameter()
MINUTES = _Minutes()
