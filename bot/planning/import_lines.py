"""Imports, found by looking at lines: many times faster than parsing, and for what does not parse.

Most modules and cells import at the beginning of lines and do nothing else that planning asks for.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable

from bot.planning.facts import Import

_LONGEST_PARSED = 1_000_000
_MOST_GUESSES = 1_000
# Python's parser takes time to the square of a dotted name's parts.
_ENDLESS_NAME = re.compile(r"\b(?:\w++[\s\\]*+\.[\s\\]*+){100}")

_STATEMENT = re.compile(
    r"^[ \t]*(from[ \t.][^\n]*?\bimport\b[ \t]*(?:\([^)]*\)?[^\n]*|[^\n]*)|import[ \t][^\n]*)",
    re.MULTILINE,
)
# `try: import a`, `x = 1; import a`
_LATER_ON_A_LINE = re.compile(r"[:;][ \t]*((?:import|from)[ \t.][^\n]*)")
_UNCERTAIN = re.compile("[\"'#]")
_QUOTED = re.compile(r"(\"\"\"|''')(?:.*?\1|.*)", re.DOTALL)


def parse(code: str) -> ast.Module | None:
    """Return the syntax tree of *code*, None when it is not Python or too long to look at."""
    if len(code) > _LONGEST_PARSED or _ENDLESS_NAME.search(code):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(code)
    # RecursionError, MemoryError: nested deeper than the parser goes; ValueError: NUL characters.
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def imports_by_line(code: str) -> tuple[Import, ...] | None:
    """Return what *code* imports, None when only its syntax tree can tell."""
    if _LATER_ON_A_LINE.search(code):
        return None
    statements = _STATEMENT.findall(code)
    if not statements:
        return ()
    if not _stand_outside_of_strings(code):
        return None
    tree = parse("\n".join(statements))
    return imports_in(tree.body) if tree else None


def _stand_outside_of_strings(code: str) -> bool:
    """Whether what looks like an import in *code* certainly is none inside of triple quotes."""
    end = 0
    for match in _QUOTED.finditer(code):
        line = max(end, code.rfind("\n", 0, match.start()) + 1)
        end = match.end()
        # Behind a comment or another quote these may be no quotes at all, and an escaped one does
        # not end a string: from there on, what is inside and what outside would be the wrong way.
        if _UNCERTAIN.search(code, line, match.start()) or code[end - 4 : end - 3] == "\\":
            return False
        if "import" in match[0] and _STATEMENT.search(match[0]):
            return False
    return True


def likely_imports(code: str) -> tuple[Import, ...]:
    """Return what those lines of *code* import that look like import statements and are."""
    lines = [match[1] for match in _STATEMENT.finditer(code)]
    lines += [match[1] for match in _LATER_ON_A_LINE.finditer(code)]
    trees = (parse(line) for line in lines[:_MOST_GUESSES])
    return imports_in(node for tree in trees if tree for node in tree.body)


def imports_in(nodes: Iterable[ast.AST]) -> tuple[Import, ...]:
    """Return the imports among *nodes*; those inside of them are not looked for."""
    found: dict[Import, None] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {Import(0, alias.name, ""): None for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found |= {Import(node.level, module, alias.name): None for alias in node.names}
    return tuple(found)
