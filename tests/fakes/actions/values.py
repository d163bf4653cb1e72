"""The values of Actions expressions: their text, their truth, and when two are equal.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import json
import math


class Insensitive(dict):
    """A context or a part of one: its keys are found whatever their case."""

    def find(self, name):
        """Return the value of *name*, None where there is none."""
        wanted = str(name).lower()
        return next((value for key, value in self.items() if key.lower() == wanted), None)


class Sensitive(dict):
    """The `env` context, the only one that tells PATH from Path."""

    def find(self, name):
        return self.get(name)


def as_contexts(value):
    """Return JSON data as an expression sees it."""
    if isinstance(value, Insensitive | Sensitive):
        return value
    if isinstance(value, dict):
        return Insensitive({key: as_contexts(item) for key, item in value.items()})
    if isinstance(value, list):
        return [as_contexts(item) for item in value]
    return value


def as_text(value):
    """Return *value* as it appears in a string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return as_json(value)
    if isinstance(value, str):
        return value
    return "Array" if isinstance(value, list) else "Object"


def as_json(value, indent=None):
    """Return *value* as JSON, numbers that are whole without a point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, indent=indent, ensure_ascii=False)


def as_number(value):
    """Return *value* as a number: NaN for what is none."""
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    if not isinstance(value, str):
        return math.nan
    text = value.strip()
    if not text:
        return 0.0
    try:
        return float(int(text, 16)) if text.lower().startswith("0x") else float(text)
    except ValueError:
        return math.nan


def is_true(value):
    """Return whether *value* counts as true in a condition."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return isinstance(value, list | dict) or bool(value)


def are_equal(left, right):
    """Return whether `left == right`: whatever the case of strings, and by number across types."""
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() == right.upper()
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return left is right
    if left is None and right is None:
        return True
    return as_number(left) == as_number(right)


def is_less(left, right):
    """Return whether `left < right`."""
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() < right.upper()
    return as_number(left) < as_number(right)
