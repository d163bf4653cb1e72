"""Cells in IPython's language: what of a cell is Python, and what its magics and shell lines do."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.planning.commands import read_magic, read_shell
from bot.planning.facts import Facts
from bot.planning.import_lines import parse

_SHELLS = frozenset({"!", "bash", "cmd", "script", "sh", "sx", "system", "zsh"})
# The rest of the cell is Python; so may be what stands behind a timer, as behind `%time`.
_TIMERS = frozenset({"time", "timeit", "prun", "memit", "mprun", "lprun", "snakeviz"})
_PYTHON = frozenset({"cache", "capture", "debug", "px", "python", "python3"})
_OTHER_LANGUAGES = frozenset(
    {"HTML", "R", "SVG", "ai", "bigquery", "file", "html", "javascript", "js", "julia", "latex"}
    | {"markdown", "mermaid", "perl", "ruby", "sql", "svg", "writefile"}
)

_MAY_BE_ESCAPED = re.compile(r"[%!?]")
_ESCAPED = re.compile(
    r"(?P<indent>[ \t]*)"
    r"(?:[\w*\[(][\w.,*\[\]()'\" \t]*=[ \t]*)?"  # files = !ls
    r"(?P<mark>%%?|!!?|\?\??)"
    r"(?P<rest>.*)",
    re.DOTALL,
)
_HELP = re.compile(r"(?P<indent>[ \t]*)%{0,2}[\w.*]+\?\??[ \t]*(?:#.*)?")
_OPTIONS = re.compile(r"(?:-\w+[ \t]+(?:\d+[ \t]+)?)*")


class CellCode(NamedTuple):
    """The Python of a cell, with `pass` where magics stood, and what those do."""

    python: str
    commands: Facts


def read_cell(source: str) -> CellCode:
    """Return the Python and the commands of a code cell; never raises."""
    source = source.lstrip("\n")
    if not _MAY_BE_ESCAPED.search(source):
        return CellCode(source, Facts())
    if source.startswith("%%"):
        return _read_cell_magic(source)
    return _without_escapes(source)


def _read_cell_magic(source: str) -> CellCode:
    first, _, body = source.partition("\n")
    name, _, argument = first[2:].partition(" ")
    if name in _SHELLS:
        return CellCode("", read_shell(f"{argument}\n{body}"))
    inner = _without_escapes(body)
    if name in _TIMERS:
        return CellCode(f"{_OPTIONS.sub('', argument, count=1)}\n{inner.python}", inner.commands)
    if name in _PYTHON or (name not in _OTHER_LANGUAGES and parse(inner.python)):
        return inner
    return CellCode("", Facts())


def _without_escapes(source: str) -> CellCode:
    lines = _logical_lines(source)
    found = [_ESCAPED.fullmatch(line) or _HELP.fullmatch(line) for line in lines]
    # What looks like a magic may be a line of a longer string or expression.
    if not any(found) or parse(source):
        return CellCode(source, Facts())
    commands = []
    for number, match in enumerate(found):
        if match:
            replacement, facts = _read_escape(match)
            lines[number] = match["indent"] + replacement
            commands.append(facts)
    return CellCode("\n".join(lines), Facts.joined(commands))


def _read_escape(match: re.Match[str]) -> tuple[str, Facts]:
    """Return the Python that stands for an escaped line, and what the line does."""
    mark, rest = (match["mark"], match["rest"]) if match.re is _ESCAPED else ("?", "")
    if mark.startswith("!"):
        return "pass", read_shell(rest)
    if mark.startswith("?") or rest.rstrip().endswith("?"):
        return "pass", Facts()
    name, _, argument = rest.strip().partition(" ")
    if name in _TIMERS:
        code = _OPTIONS.sub("", argument.strip(), count=1)
        return (code if parse(code) else "pass"), Facts()
    return "pass", read_magic(name, argument.strip())


def _logical_lines(source: str) -> list[str]:
    """Return the lines of *source*, an escaped one together with those it continues on."""
    lines: list[str] = []
    is_continued = False
    for line in source.split("\n"):
        if is_continued:
            lines[-1] += "\n" + line
        else:
            lines.append(line)
        is_continued = line.endswith("\\") and bool(_ESCAPED.fullmatch(lines[-1]))
    return lines
