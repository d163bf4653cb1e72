"""Shell commands and IPython magics that run files, import modules or say where modules lie."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.planning.facts import Facts, Import, Place, SearchFolder

SCRIPT_SUFFIXES = frozenset({".py", ".ipy", ".ipynb", ".sh", ".bash", ".r", ".R", ".jl"})

_LONGEST_COMMAND = 10_000
_SEPARATORS = re.compile(r"[;&|\n]+")
_PYTHON = re.compile(r"(?:.*/)?(?:i?python|pytest|torchrun|coverage)[\d.]*(?:\.exe)?")


def read_shell(text: str) -> Facts:
    """Return what a shell script or line runs, as far as it is spelled out."""
    folder = "."
    parts = []
    for command in _SEPARATORS.split(text.replace("\\\n", " ")):
        words = _words(command)
        if words[:1] == ["cd"] and len(words) == 2:
            folder = f"{folder}/{words[1]}"
        else:
            parts.append(read_arguments(words, folder))
    return Facts.joined(parts)


def read_arguments(words: Sequence[str], folder: str = ".") -> Facts:
    """Return what one command runs, given as its words, in *folder*."""
    if "install" in words[:3] or words[2:4] == ["pip", "install"]:
        return _read_install(words, folder)
    runs = [
        Place(f"{folder}/{word}", from_file=False)
        for word in words
        if PurePosixPath(word).suffix in SCRIPT_SUFFIXES and _is_literal(word)
    ]
    imports = [
        Import(0, module, name)
        for option, module in itertools.pairwise(words)
        if option == "-m" and _PYTHON.fullmatch(words[0]) and _is_module(module)
        for name in ("", "__main__")
    ]
    return Facts(imports=tuple(imports), runs=tuple(runs))


def read_magic(name: str, argument: str) -> Facts:
    """Return what a line magic does: `read_magic("run", "-i prepare.py")`."""
    match name:
        case "run":
            return _read_run(argument)
        case "load" | "loadpy":
            return Facts(runs=tuple(Place(word, from_file=False) for word in _words(argument)[-1:]))
        case "load_ext" | "reload_ext" | "aimport":
            modules = [word.strip("-") for word in re.split(r"[\s,]+", argument)]
            return Facts(imports=tuple(Import(0, word, "") for word in modules if _is_module(word)))
        case "cd":
            return Facts(
                folders=tuple(
                    SearchFolder(Place(word, from_file=False), is_first=True)
                    for word in _words(argument)[-1:]
                )
            )
        case "sx" | "system" | "sc":
            return read_shell(argument)
        case "pip" | "conda" | "mamba" | "uv":
            return read_arguments([name, *_words(argument)])
        case _:
            return Facts()


def _read_run(argument: str) -> Facts:
    words = _words(argument)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "-m" and words:
            return Facts(imports=(Import(0, words[0], ""), Import(0, words[0], "__main__")))
        if option in {"-N", "-l"} and words:  # options with a value
            words.pop(0)
    if not words or not _is_literal(words[0]):
        return Facts()
    return Facts(runs=(Place(words[0], from_file=False),))


def _read_install(words: Sequence[str], folder: str) -> Facts:
    """Return where an editable or local install makes modules found: there, or in its `src`."""
    projects = [word.partition("[")[0] for word in words if word.startswith((".", "/"))]
    return Facts(
        folders=tuple(
            SearchFolder(Place(f"{folder}/{project}{inside}", from_file=False), is_first=False)
            for project in projects
            for inside in ("/src", "")
        )
    )


def _words(command: str) -> list[str]:
    if len(command) > _LONGEST_COMMAND:
        return []
    try:
        return shlex.split(command, comments=True)
    except ValueError:  # a quotation mark without its other
        return command.split()


def _is_literal(word: str) -> bool:
    return not any(character in word for character in "$`{*?<>")


def _is_module(word: str) -> bool:
    return bool(word) and all(part.isidentifier() for part in word.split("."))
