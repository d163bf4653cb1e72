"""What is wrong with a configuration, as lines for the person who wrote it."""

from __future__ import annotations

import difflib
import json

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.document import Document
from bot.config.naming import MAX_SHOWN, Location, named, shown
from bot.config.schema import ConfigFile, RuleSection, Section, SettingsSection
from bot.config.syntax import Mistake

_EXPECTED = {
    "list_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of keys to values",
}


def mistakes_in(error: ValidationError, document: Document) -> dict[Location, Mistake]:
    """Return what pydantic refused, by where in the document it stands."""
    found: dict[Location, Mistake] = {}
    for detail in error.errors(include_url=False):
        location = detail["loc"]
        if location[-1:] == ("[key]",):
            location = location[:-1]
        message = _message(detail, location, document)
        found.setdefault(location, Mistake(message, document.line_of(location)))
    return found


def _message(detail: ErrorDetails, location: Location, document: Document) -> str:
    context, value = detail.get("ctx", {}), detail["input"]
    key = named(location)
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(location)
        case "missing":
            return f"{key} is missing"
        case "too_short":
            return f"{key} must have at least one entry"
        case "too_long":
            return f"{key} must have at most {context['max_length']} entries"
        case "value_error" if isinstance(value, str) and value != location[-1]:
            return f"{key} {shown(value)} {context['error']}"
        case "value_error":
            return f"{key} {context['error']}"
        case kind:
            expected = context.get("what") or _EXPECTED[kind]
            return (
                f"{key} must be {expected}, {_got(value, expected, document.written.get(location))}"
            )


def _got(value: object, expected: str, written: str | None) -> str:
    """Say what came instead, and what to write if that is plain."""
    if isinstance(value, str):
        advice = f"; write [{shown(value)}]" if expected == "a list" else ""
        return f"got {shown(value)}{advice}"
    if isinstance(value, dict | list):
        return f"got a {'mapping' if isinstance(value, dict) else 'list'}"
    if value is None:
        return "got nothing"
    spelled = written or json.dumps(value)
    advice = f"; write {shown(spelled)} in quotes" if expected.endswith("text") else ""
    return f"got {spelled[:MAX_SHOWN]}{advice}"


def _unknown_key(location: Location) -> str:
    section, key = _section_at(location[:-1]), str(location[-1])
    inside = f" in {named(location[:-1])}" if len(location) > 1 else ""
    known = list(section.model_fields)
    if close := difflib.get_close_matches(key, known, n=1):
        return f"unknown key {shown(key)}{inside}; did you mean '{close[0]}'?"
    if section is ConfigFile and key in RuleSection.model_fields:
        return f"unknown key {shown(key)}; it belongs under 'defaults' or in a rule"
    return f"unknown key {shown(key)}{inside}; the keys are {', '.join(known)}"


def _section_at(location: Location) -> type[Section]:
    if not location:
        return ConfigFile
    return RuleSection if location[0] == "rules" else SettingsSection
