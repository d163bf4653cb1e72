"""Evaluates what stands in `${{ }}` and in `if:`, as the runner of GitHub Actions does.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fakes.actions.functions import FUNCTIONS
from fakes.actions.values import are_equal, as_text, is_less, is_true

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<number>0x[0-9a-fA-F]+|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<operator>==|!=|<=|>=|&&|\|\||[()\[\].,!<>*])
    )""",
    re.VERBOSE,
)
_INTERPOLATION = re.compile(r"\$\{\{((?:[^'}]|'[^']*'|\}(?!\}))*)\}\}")
_LITERALS = {"true": True, "false": False, "null": None}
STATUS_FUNCTIONS = ("success", "failure", "always", "cancelled")


class ExpressionError(Exception):
    """An expression that GitHub refuses; the text has its reason and the expression."""


@dataclass
class Scope:
    """What an expression can see: contexts by name, and functions beside the built-in ones."""

    contexts: dict
    functions: dict = field(default_factory=dict)

    def evaluate(self, text):
        """Return the value of an expression, without its `${{ }}`."""
        return _Evaluation(text, self).value()

    def interpolate(self, value):
        """Return *value* with its `${{ }}` replaced: a string, or what YAML has besides strings."""
        if not isinstance(value, str):
            return as_text(value)
        return _INTERPOLATION.sub(lambda match: as_text(self.evaluate(match[1])), value)

    def holds(self, condition):
        """Return whether the `if:` of a step holds; without a status function it asks success()."""
        text = as_text(condition).strip()
        if whole := re.fullmatch(r"\$\{\{(.*)\}\}", text, re.DOTALL):
            text = whole[1].strip()
        if "${{" in text:
            raise ExpressionError(f"always true, being a string with an expression inside: {text}")
        if not text:
            return is_true(self.evaluate("success()"))
        if not re.search(rf"\b({'|'.join(STATUS_FUNCTIONS)})\s*\(", text, re.IGNORECASE):
            text = f"success() && ({text})"
        return is_true(self.evaluate(text))


class _Evaluation:
    """One expression read from left to right, each operand evaluated where it is met.

    Operands have no effects, so the side that `&&` and `||` skip may be evaluated for nothing.
    """

    def __init__(self, text, scope):
        self._text = text
        self._scope = scope
        self._tokens = self._read_tokens()
        self._place = 0

    def value(self):
        value = self._either()
        if self._place < len(self._tokens):
            raise self._error(f"unexpected {self._tokens[self._place][1]!r}")
        return value

    def _read_tokens(self):
        tokens, place = [], 0
        end = len(self._text.rstrip())
        while place < end:
            match = _TOKEN.match(self._text, place)
            if match is None:
                raise self._error(f"unexpected {self._text[place:].strip()[:1]!r}")
            tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        return tokens

    def _error(self, reason):
        return ExpressionError(f"{reason} in the expression: {self._text.strip()}")

    def _peek(self):
        return self._tokens[self._place] if self._place < len(self._tokens) else ("end", "")

    def _take(self, *texts):
        kind, text = self._peek()
        if kind != "operator" or text not in texts:
            return None
        self._place += 1
        return text

    def _expect(self, text):
        if not self._take(text):
            raise self._error(f"expected {text!r}, got {self._peek()[1]!r}")

    def _either(self):
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value if is_true(value) else other
        return value

    def _both(self):
        value = self._equality()
        while self._take("&&"):
            other = self._equality()
            value = other if is_true(value) else value
        return value

    def _equality(self):
        value = self._comparison()
        while operator := self._take("==", "!="):
            value = are_equal(value, self._comparison()) is (operator == "==")
        return value

    def _comparison(self):
        value = self._not()
        while operator := self._take("<", "<=", ">", ">="):
            other = self._not()
            low, high = (value, other) if operator[0] == "<" else (other, value)
            value = is_less(low, high) or (operator[1:] == "=" and are_equal(low, high))
        return value

    def _not(self):
        return not is_true(self._not()) if self._take("!") else self._members()

    def _members(self):
        value = self._primary()
        while operator := self._take(".", "["):
            if operator == "[":
                key = self._either()
                self._expect("]")
            elif self._take("*"):
                value = list(value.values()) if isinstance(value, dict) else list(value or [])
                continue
            else:
                key = self._name()
            value = _member(value, key)
        return value

    def _name(self):
        kind, text = self._peek()
        if kind != "name":
            raise self._error(f"expected a name after '.', got {text!r}")
        self._place += 1
        return text

    def _primary(self):
        if self._take("("):
            value = self._either()
            self._expect(")")
            return value
        kind, text = self._peek()
        self._place += 1
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(int(text, 16)) if text.lower().startswith("0x") else float(text)
        if kind == "name":
            return self._named(text)
        raise self._error(f"unexpected {text or 'end'!r}")

    def _named(self, name):
        if self._take("("):
            return self._call(name)
        if name in _LITERALS:
            return _LITERALS[name]
        for context, value in self._scope.contexts.items():
            if context.lower() == name.lower():
                return value
        raise self._error(f"Unrecognized named-value: '{name}'")

    def _call(self, name):
        arguments = []
        while not self._take(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._either())
        functions = {**FUNCTIONS, **self._scope.functions}
        for known, function in functions.items():
            if known.lower() == name.lower():
                return function(*arguments)
        raise self._error(f"Unrecognized function: '{name}'")


def _member(value, key):
    if isinstance(value, dict):
        return value.find(as_text(key))
    if isinstance(value, list):
        if isinstance(key, str):  # the property of each, after `.*`
            return [_member(item, key) for item in value]
        return value[int(key)] if 0 <= int(key) < len(value) else None
    return None
