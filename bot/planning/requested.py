"""From what somebody asked for, a notebook, a folder or a pattern, to the notebooks it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from bot.config import Config, matcher
from bot.config.patterns import NOTEBOOK_SUFFIXES, problem_of
from bot.errors import UsageError
from bot.model import printable
from bot.planning.source import Source

_WILDCARDS = frozenset("*?[")


def requested_notebooks(source: Source, config: Config, names: Sequence[str]) -> list[str]:
    """Return the notebooks that *names* mean, ordered by path; raise UsageError if one means none.

    A notebook named itself need not be one that the configuration includes.
    """
    found = {path for name in names for path in _meant_by(source, config, name)}
    return sorted(found)


def _meant_by(source: Source, config: Config, name: str) -> Iterator[str]:
    path = PurePosixPath(name).as_posix()
    if "\0" in path or path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise UsageError(f"{printable(name)} is outside of the repository")
    if source.find(path) is not None:
        yield _checked(config, path)
        return
    notebooks = all_notebooks(source, config)
    inside = [other for other in notebooks if path == "." or other.startswith(f"{path}/")]
    if not inside and not _WILDCARDS.isdisjoint(path):
        if problem := problem_of(f"/{path}"):
            raise UsageError(f"the pattern {printable(path)!r} {problem}")
        matches = matcher([f"/{path}"])
        inside = [other for other in notebooks if matches(other)]
    if not inside:
        raise UsageError(_nothing_there(source, path, notebooks))
    yield from inside


def all_notebooks(source: Source, config: Config) -> list[str]:
    """Return every notebook at the head, ordered by path."""
    return [entry.path for entry in source.entries() if config.is_notebook(entry.path)]


def _checked(config: Config, path: str) -> str:
    if not config.is_notebook(path) and PurePosixPath(path).suffix not in NOTEBOOK_SUFFIXES:
        raise UsageError(f"{printable(path)} is no notebook: its name would end in .ipynb")
    return path


def _nothing_there(source: Source, path: str, notebooks: Sequence[str]) -> str:
    shown = printable(path)
    if any(entry.path.startswith(f"{path}/") for entry in source.entries()):
        return f"there is no notebook in {shown}"
    if not _WILDCARDS.isdisjoint(path):
        return f"no notebook matches {shown}"
    import difflib

    close = difflib.get_close_matches(path, notebooks, n=1)
    hint = f"; did you mean {printable(close[0])}?" if close else ""
    return f"there is no notebook {shown}{hint}"
