"""Paths that code spells out: literals, and what `os.path` and `pathlib` make of literals.

Nothing is executed. An expression that is not understood has no place.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Mapping

from bot.planning.facts import Place

Names = Mapping[str, Place]

_LONGEST = 4096

_PATHS = frozenset({"Path", "PurePath", "PosixPath", "PurePosixPath"})
# Functions of os.path and methods of pathlib.Path that give the same place in other words.
_SAME = frozenset(
    {"abspath", "absolute", "as_posix", "expanduser", "fspath", "normpath", "realpath"}
    | {"resolve", "str"}
)
_HERE = frozenset({"cwd", "getcwd"})


def place_of(expression: ast.expr, names: Names, depth: int = 20) -> Place | None:
    """Return the place that *expression* spells out, None when it cannot be told.

    *names* holds what is known of variables; *depth* bounds how far expressions are nested.
    """
    reader = _READERS.get(type(expression))
    if reader is None or depth == 0:
        return None
    found = reader(expression, names, depth - 1)
    return found if found and len(found.path) <= _LONGEST else None


def called_name(call: ast.Call) -> str:
    """Return the last part of the name that is called: `join` for `os.path.join(...)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _constant(expression: ast.expr, names: Names, depth: int) -> Place | None:
    match expression:
        case ast.Constant(value=str(text)):
            return Place(text, from_file=False)
        case ast.Name(id="__file__"):
            return Place("__file__", from_file=True)
        case ast.Name(id=name):
            return names.get(name)
        case ast.FormattedValue(value=value):
            return place_of(value, names, depth)
        case _:
            return None


def _attribute(expression: ast.expr, names: Names, depth: int) -> Place | None:
    match expression:
        case ast.Attribute(attr="curdir"):
            return Place(".", from_file=False)
        case ast.Attribute(attr="pardir"):
            return Place("..", from_file=False)
        case ast.Attribute(value=value, attr="parent"):
            return _above(place_of(value, names, depth))
        case ast.Subscript(
            value=ast.Attribute(value=value, attr="parents"), slice=ast.Constant(value=int(index))
        ) if 0 <= index < 50:
            return _above(place_of(value, names, depth), index + 1)
        case _:
            return None


def _operation(expression: ast.expr, names: Names, depth: int) -> Place | None:
    match expression:
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _joined("/", [left, right], names, depth)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined("", [left, right], names, depth)
        case ast.JoinedStr(values=values):
            return _joined("", values, names, depth)
        case _:
            return None


def _call(expression: ast.expr, names: Names, depth: int) -> Place | None:
    match expression:
        case ast.Call(func=ast.Attribute(value=value, attr="joinpath"), args=args):
            return _joined("/", [value, *args], names, depth)
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=[]) if name in _SAME:
            return place_of(value, names, depth)
        case ast.Call(args=args) as call:
            return _function(called_name(call), args, names, depth)
        case _:
            return None


def _function(name: str, args: list[ast.expr], names: Names, depth: int) -> Place | None:
    if name in _HERE or (name in _PATHS and not args):
        return Place(".", from_file=False)
    if name == "join" or name in _PATHS:
        return _joined("/", args, names, depth)
    if len(args) != 1:
        return None
    if name == "dirname":
        return _above(place_of(args[0], names, depth))
    return place_of(args[0], names, depth) if name in _SAME else None


def _above(place: Place | None, levels: int = 1) -> Place | None:
    return place and place._replace(path="/".join([place.path or ".", *[".."] * levels]))


def _joined(separator: str, expressions: list[ast.expr], names: Names, depth: int) -> Place | None:
    places = [place_of(expression, names, depth) for expression in expressions]
    known = [place for place in places if place is not None]
    if not known or len(known) < len(places) or any(place.from_file for place in known[1:]):
        return None
    paths = [place.path for place in known]
    path = posixpath.join(*paths) if separator else "".join(paths)
    return Place(path, known[0].from_file)


_READERS: Mapping[type[ast.expr], Callable[[ast.expr, Names, int], Place | None]] = {
    ast.Constant: _constant,
    ast.Name: _constant,
    ast.FormattedValue: _constant,
    ast.Attribute: _attribute,
    ast.Subscript: _attribute,
    ast.BinOp: _operation,
    ast.JoinedStr: _operation,
    ast.Call: _call,
}
