"""Strict YAML: plain JSON values, and the line on which each of them stands.

Stricter than YAML where YAML surprises people. What its versions read differently (`no`, `12:30`,
`010`, `1_000`, dates) is refused with the advice to write it in quotes; so are tags, keys given
twice, and files whose aliases or depth would take unbounded time or memory.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.config.naming import Location, named
from bot.config.syntax import Mistake, in_plain_words
from bot.model import JsonValue

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_VALUES = 20_000
MAX_DIGITS = 300

_WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
# PyYAML reads 1e-4 as text, which YAML 1.2 and every data scientist take for a number.
_FRACTION = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
)
_NUMBER_ELSEWHERE = re.compile(r"[-+]?0[0-9]+|0o[0-7]+")
_READINGS = {
    "int": "a number",
    "float": "a number that JSON does not have",
    "str": "a number in some of its versions",
    "timestamp": "a date",
}
_CONSTANTS: Mapping[str, JsonValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says.

    `lines` has the line (from 1) of every value that can be named, `{("rules", 0, "paths"): 7}`;
    `written` has what stands in the file for numbers and the like, `3.10` where the value is 3.1;
    `mistakes` are those a reader of YAML can see.
    """

    value: JsonValue
    lines: Mapping[Location, int]
    written: Mapping[Location, str]
    mistakes: Mapping[Location, Mistake]

    def line_of(self, location: Location) -> int:
        """Return the line of a value, or of what it would stand in if it were there."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read_document(data: bytes) -> Document:
    """Return what a YAML file says; an empty one says nothing, which is None.

    Raises Mistake for one that cannot be read to its end.
    """
    if len(data) > MAX_BYTES:
        raise Mistake(f"the file is larger than {MAX_BYTES // 1024} kB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Mistake("the file is not text in UTF-8", line) from None
    reader = _Reader()
    root = _compose(text)
    value = reader.read(root, ()) if root else None
    return Document(value, reader.lines, reader.written, reader.mistakes)


def _compose(text: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Mistake(f"the character U+{error.character:04X} is not allowed", line) from None
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise in_plain_words(error) from None
    except ValueError:  # PyYAML converts escapes and version numbers without looking at them
        raise Mistake("not valid YAML", loader.line + 1) from None
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """Composes nodes, refusing what only a program would write."""

    depth = 0
    peek_event: Callable[[], Any]  # as it is; the stubs leave it untyped

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        line = event.start_mark.line + 1
        if tag := getattr(event, "tag", None):
            raise Mistake(
                f"{_spelled(tag)!r} is read as a tag; if it is meant, put it in quotes", line
            )
        if self.depth >= MAX_DEPTH:
            raise Mistake(f"nested more than {MAX_DEPTH} levels deep", line)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _spelled(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!", 1)


@dataclass(slots=True)
class _Reader:
    """Turns nodes into values, noting lines and mistakes on the way."""

    lines: dict[Location, int] = field(default_factory=dict)
    written: dict[Location, str] = field(default_factory=dict)
    mistakes: dict[Location, Mistake] = field(default_factory=dict)

    def read(self, node: yaml.Node, location: Location) -> JsonValue:
        line = node.start_mark.line + 1
        self.lines.setdefault(location, line)
        if len(self.lines) > MAX_VALUES:
            raise Mistake(f"more than {MAX_VALUES} values, counting what aliases repeat", line)
        if len(location) > MAX_DEPTH:
            raise Mistake(f"nested more than {MAX_DEPTH} levels deep", line)
        if isinstance(node, yaml.MappingNode):
            return self._read_mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*location, n)) for n, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._read_scalar(node, location)
        raise TypeError(node)

    def _read_mapping(self, node: yaml.MappingNode, location: Location) -> JsonValue:
        value: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._read_key(key_node, location, line)
            if key is None:
                continue
            here = (*location, key)
            if key in value:
                message = f"{named(here)} is given twice, first on line {self.lines[here]}"
                self.mistakes[*here, f"again on line {line}"] = Mistake(message, line)
                continue
            self.lines[here] = line
            value[key] = self.read(value_node, here)
        return value

    def _read_key(self, node: yaml.Node, location: Location, line: int) -> str | None:
        try:
            return key_text(node)
        except (TypeError, ValueError) as error:
            self.mistakes[*location, f"the key on line {line}"] = Mistake(str(error), line)
            return None

    def _read_scalar(self, node: yaml.ScalarNode, location: Location) -> JsonValue:
        text: str = node.value
        try:
            if node.style is not None:
                return checked_text(text)
            self.written[location] = text
            return plain_value(text, node.tag)
        except ValueError as error:
            message = f"{named(location)}: {error}"
            self.mistakes[location] = Mistake(message, node.start_mark.line + 1)
            return text


def key_text(node: yaml.Node) -> str:
    """Return a key as it is written, `no` and `12` included.

    Raises TypeError or ValueError for one that is no text or means something else.
    """
    if not isinstance(node, yaml.ScalarNode):
        raise TypeError("a key must be text, not a list or a mapping")
    if node.style is None and node.value == "<<":
        raise ValueError("'<<' does not merge here; use `defaults` and `rules`")
    return checked_text(node.value)


def plain_value(text: str, yaml_tag: str) -> JsonValue:
    """Return the value of a scalar that is not in quotes; *yaml_tag* is what YAML 1.1 makes of it.

    Raises ValueError, with advice, where YAML 1.1 and 1.2 differ or JSON has no such value.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    kind = yaml_tag.rpartition(":")[2]
    is_fraction = _FRACTION.fullmatch(text) is not None
    if (is_fraction or kind in ("int", "float")) and len(text) > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS} digits; put it in quotes")
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if is_fraction and math.isfinite(float(text)):
        return float(text)
    if is_fraction:
        raise ValueError(f"the number {text} is too large; write '{text}' in quotes")
    if kind != "str" or _NUMBER_ELSEWHERE.fullmatch(text):
        raise ValueError(_advice(text, kind))
    return checked_text(text)


def _advice(text: str, kind: str) -> str:
    if kind == "bool":
        meant = "true" if text.lower() in ("yes", "on") else "false"
        return f"YAML reads {text} as {meant}; write {meant}, or '{text}' in quotes"
    reading = _READINGS.get(kind, "a special value")
    with contextlib.suppress(ValueError):  # 0b_ is a number to YAML, though not one of any value
        if kind == "int":
            reading = f"the number {yaml.safe_load(text)}"
    return f"YAML reads {text} as {reading}; write '{text}' in quotes"


def checked_text(text: str) -> str:
    """Return *text* if a file name, an environment and JSON can hold it; else raise ValueError."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("text with a NUL or half a surrogate pair is not allowed")
    return text
