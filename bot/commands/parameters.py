"""A parameter as people write it, on the command line and in a comment: NAME=VALUE."""

from __future__ import annotations

import json
import math

from bot.model import JsonValue

_CONSTANTS: dict[str, JsonValue] = {"True": True, "False": False, "None": None}


def named_value(text: str) -> tuple[str, JsonValue] | None:
    """Return the name and the value of *text*, None unless it is NAME=VALUE.

    The name is an identifier. The value is JSON where it can be, text otherwise; Python's spelling
    of constants (True, None) is understood too, as papermill does.

    >>> named_value("years=[2024, 2025]")
    ('years', [2024, 2025])
    >>> named_value("region=north")
    ('region', 'north')
    """
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        return None
    return name, _value(value)


def _value(text: str) -> JsonValue:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        # JSON can spell half of a surrogate pair, which no notebook could be written with.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return text
    return value


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
