"""Calls by which Python code imports modules, runs files or extends `sys.path`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from bot.planning.commands import read_arguments, read_magic, read_shell
from bot.planning.facts import Facts, Import, SearchFolder
from bot.planning.places import Names, called_name, place_of


def read_call(call: ast.Call, names: Names) -> Facts:
    """Return what *call* does to other files; *names* holds what is known of variables."""
    reader = _READERS.get(called_name(call))
    return reader(call, names) if reader else Facts()


def _read_import(call: ast.Call, names: Names) -> Facts:
    """Read `importlib.import_module("a.b")`, `__import__("a")` and `runpy.run_module("a")`."""
    texts = [place_of(argument, names) for argument in _arguments(call, "name", "package")]
    if not texts or texts[0] is None:
        return Facts()
    module = texts[0].path.lstrip(".")
    level = len(texts[0].path) - len(module)
    package = texts[1] if len(texts) > 1 else None
    if level and package is not None:
        parents = package.path.split(".")
        module = ".".join([*parents[: len(parents) - level + 1], module])
        level = 0
    return Facts(imports=(Import(level, module, ""),)) if module else Facts()


def _read_sys_path(call: ast.Call, names: Names) -> Facts:
    """Read `sys.path.append(...)`, `.insert(0, ...)` and `.extend([...])`."""
    match call:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="sys"), attr="path"), attr=method
            ),
            args=[*_, last],
        ):
            added = last.elts if isinstance(last, ast.List | ast.Tuple) else [last]
            return _folders(added, names, is_first=method == "insert")
        case _:
            return Facts()


def _read_folder(call: ast.Call, names: Names) -> Facts:
    """Read `os.chdir(...)`, as modules are looked for in the working folder, and `addsitedir`."""
    return _folders(call.args[:1], names, is_first=called_name(call) == "chdir")


def _folders(expressions: Sequence[ast.expr], names: Names, *, is_first: bool) -> Facts:
    places = (place_of(expression, names) for expression in expressions)
    return Facts(folders=tuple(SearchFolder(place, is_first) for place in places if place))


def _read_first_path(call: ast.Call, names: Names) -> Facts:
    return _runs(call.args[:1], names)


def _read_second_path(call: ast.Call, names: Names) -> Facts:
    return _runs(call.args[1:2], names)


def _read_exec(call: ast.Call, names: Names) -> Facts:
    """Read `exec(open("a.py").read())` and `exec(Path("a.py").read_text())`."""
    opened: list[ast.expr] = []
    for node in (part for argument in call.args[:1] for part in ast.walk(argument)):
        match node:
            case ast.Call(func=ast.Name(id="open"), args=[path, *_]):
                opened.append(path)
            case ast.Call(func=ast.Attribute(value=path, attr="read_text" | "read_bytes")):
                opened.append(path)
    return _runs(opened, names)


def _runs(expressions: Sequence[ast.expr], names: Names) -> Facts:
    places = (place_of(expression, names) for expression in expressions)
    return Facts(runs=tuple(place for place in places if place))


def _read_command(call: ast.Call, names: Names) -> Facts:
    """Read `subprocess.run(["python", "a.py"])` and `os.system("python a.py")`."""
    match call.args:
        case [ast.List(elts=items) | ast.Tuple(elts=items), *_]:
            return read_arguments([_word(item, names) for item in items])
        case [ast.Constant(value=str(command)), *_]:
            return read_shell(command)
        case _:
            return Facts()


def _word(item: ast.expr, names: Names) -> str:
    if isinstance(item, ast.Attribute) and item.attr == "executable":
        return "python"
    place = place_of(item, names)
    return place.path if place else ""


def _read_magic_call(call: ast.Call, names: Names) -> Facts:
    """Read `get_ipython().run_line_magic("run", "a.py")` and `.magic("run a.py")`."""
    line = " ".join(
        argument.value
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )
    name, _, rest = line.removeprefix("%").partition(" ")
    return read_magic(name, rest)


def _arguments(call: ast.Call, *keywords: str) -> list[ast.expr]:
    """Return the arguments in the order of their names, however they are given."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    return [*call.args, *(given[name] for name in keywords[len(call.args) :] if name in given)]


_READERS: Mapping[str, Callable[[ast.Call, Names], Facts]] = {
    "import_module": _read_import,
    "__import__": _read_import,
    "run_module": _read_import,
    "append": _read_sys_path,
    "insert": _read_sys_path,
    "extend": _read_sys_path,
    "addsitedir": _read_folder,
    "chdir": _read_folder,
    "run_path": _read_first_path,
    "execute_notebook": _read_first_path,
    "execfile": _read_first_path,
    "spec_from_file_location": _read_second_path,
    "SourceFileLoader": _read_second_path,
    "exec": _read_exec,
    **dict.fromkeys(["run", "call", "check_call", "check_output", "Popen"], _read_command),
    **dict.fromkeys(["system", "getoutput", "popen"], _read_command),
    **dict.fromkeys(["run_line_magic", "magic"], _read_magic_call),
}
