"""What Python code imports, runs and puts on `sys.path`, told without executing any of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from bot.planning.calls import read_call
from bot.planning.facts import Facts, Place, SearchFolder
from bot.planning.import_lines import imports_by_line, imports_in, likely_imports, parse
from bot.planning.places import place_of

# Without any of these the import statements are all that there is to find. Looking for one word
# after another takes a tenth of the time of one regular expression for all.
_MORE_THAN_IMPORTS = (
    *("sys.path", "addsitedir", "chdir", "TYPE_CHECKING", "__all__", "get_ipython"),
    *("import_module", "__import__", "exec(", "execfile", "execute_notebook", "run_path"),
    *("run_module", "spec_from_file", "SourceFileLoader", ".py'", '.py"', ".py ", ".ipy"),
    *(".sh'", '.sh"', ".sh ", ".R'", '.R"', ".R ", ".jl'", '.jl"', ".jl "),
)


def read_python(texts: Sequence[str]) -> Facts:
    """Return what *texts*, executed one after another in one namespace, say of other files.

    What does not compile is looked through line by line. Never raises.
    """
    needs_trees = any(word in text for text in texts for word in _MORE_THAN_IMPORTS)
    names: dict[str, Place] = {}
    return Facts.joined(_read(text, names, needs_trees) for text in texts)


def _read(text: str, names: dict[str, Place], needs_tree: bool) -> Facts:
    imports = None if needs_tree else imports_by_line(text)
    if imports is not None:
        return Facts(imports=imports)
    tree = parse(text)
    if tree is None:
        return Facts(imports=likely_imports(text))
    return _read_tree(tree, names)


def _read_tree(tree: ast.Module, names: dict[str, Place]) -> Facts:
    nodes = list(_executed(tree))
    for node in nodes:
        _learn(node, names)
    parts = [Facts(imports=imports_in(nodes), exports=_exports(tree))]
    for node in nodes:
        if isinstance(node, ast.Call):
            parts.append(read_call(node, names))
        elif isinstance(node, ast.Assign | ast.AugAssign):
            parts.append(_read_assignment(node, names))
    return Facts.joined(parts)


def _executed(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every node, without what only type checkers see."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _is_for_type_checkers(node.test):
            waiting.extend(reversed(node.orelse))
        else:
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _is_for_type_checkers(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case _:
            return False


def _learn(node: ast.AST, names: dict[str, Place]) -> None:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            place = place_of(value, names)
            if place is not None:
                names[name] = place


def _read_assignment(node: ast.Assign | ast.AugAssign, names: dict[str, Place]) -> Facts:
    """Return the folders in `sys.path += [...]` and `sys.path[:0] = [...]`."""
    target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
    if isinstance(target, ast.Subscript):
        target = target.value
    match target:
        case ast.Attribute(value=ast.Name(id="sys"), attr="path"):
            is_first = isinstance(node, ast.Assign)
            lists = [part for part in ast.walk(node.value) if isinstance(part, ast.List)]
            places = [place_of(item, names) for part in lists for item in part.elts]
            return Facts(folders=tuple(SearchFolder(place, is_first) for place in places if place))
        case _:
            return Facts()


def _exports(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        match node:
            case (
                ast.Assign(
                    targets=[ast.Name(id="__all__")], value=ast.List() | ast.Tuple() as value
                )
                | ast.AnnAssign(
                    target=ast.Name(id="__all__"), value=ast.List() | ast.Tuple() as value
                )
            ):
                return tuple(
                    item.value
                    for item in value.elts
                    if isinstance(item, ast.Constant) and isinstance(item.value, str)
                )
    return ()
