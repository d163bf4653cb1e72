"""What the command line takes as values: `-p NAME=VALUE`, and minutes."""

from __future__ import annotations

import math
from typing import Any

import click

from bot.commands.parameters import named_value
from bot.model import JsonValue


class _Parameter(click.ParamType[tuple[str, JsonValue]]):
    """`NAME=VALUE` as a pair."""

    name = "parameter"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, JsonValue]:
        found = named_value(value)
        if found is None:
            self.fail(f"{value!r} is not NAME=VALUE with a name that is an identifier", param, ctx)
        return found


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
