"""The notebook file that a runner is given, checked and where need be converted."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.model import JsonValue, Run, printable
from bot.notebooks.parameters import Untranslatable, parameters_source
from bot.notebooks.source_lines import locate
from bot.notebooks.text import InvalidNotebook, is_text_notebook, read_text_notebook


class Unrunnable(Exception):
    """The notebook cannot be run; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A notebook in nbformat's JSON, for a runner.

    `locate` returns the line of the notebook's file in the repository for a cell's number and a
    line of its source, both from 1.
    """

    path: Path
    parameters_source: str | None
    locate: Callable[[int, int | None], int | None]


def prepare_source(root: Path, run: Run, folder: Path) -> SourceFile:
    """Return the file to execute for *run*; what has to be written for it goes to *folder*.

    Raises Unrunnable for what is no regular file inside *root*, and for a text notebook that
    cannot be read.
    """
    path = root / run.notebook
    _check_path(root, run.notebook)
    if is_text_notebook(run.notebook):
        return _convert(path, run, folder)

    def locate_in_file(number: int, cell_line: int | None) -> int | None:
        try:
            data = path.read_bytes()
        except OSError:
            return None  # the notebook took its own file away
        return locate(data, number, cell_line)

    parameters = None
    if run.parameters:
        parameters = _parameters(_metadata(path), run)
    return SourceFile(path=path, parameters_source=parameters, locate=locate_in_file)


def _check_path(root: Path, notebook: str) -> None:
    """Raise Unrunnable unless *notebook* is reached from *root* without a symbolic link."""
    path = root
    for part in Path(notebook).parts:
        path = path / part
        try:
            mode = path.lstat().st_mode
        except OSError as error:
            raise Unrunnable(f"cannot read {printable(notebook)}: {error.strerror}") from None
        if part == ".." or stat.S_ISLNK(mode):
            raise Unrunnable(
                f"symlink: {printable(str(path.relative_to(root)))} is a symbolic link;"
                " only real files are run"
            )
    if not stat.S_ISREG(mode):
        raise Unrunnable(f"{printable(notebook)} is not a regular file")


def _convert(path: Path, run: Run, folder: Path) -> SourceFile:
    try:
        text = read_text_notebook(run.notebook, path.read_bytes())
    except OSError as error:
        raise Unrunnable(f"the notebook cannot be read: {error.strerror}") from None
    except InvalidNotebook as error:
        raise Unrunnable(f"invalid notebook: {error}") from None
    converted = folder / "source.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    converted.write_text(json.dumps(text.notebook))
    parameters = _parameters(text.notebook["metadata"], run)
    return SourceFile(path=converted, parameters_source=parameters, locate=text.line_of)


def _parameters(metadata: dict[str, Any], run: Run) -> str | None:
    try:
        return parameters_source(metadata, run.options.kernel, run.parameters)
    except Untranslatable as error:
        raise Unrunnable(str(error)) from None


def _metadata(path: Path) -> dict[str, JsonValue]:
    """Return the notebook's metadata; empty for a broken notebook, which the runner rejects."""
    try:
        metadata = json.loads(path.read_bytes())["metadata"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}
