"""From a line that is addressed to nbci to a command.

There are `/nbci run`, `cancel`, `status` and `help`. After `run` come paths, or one of `changed`,
`failed` and `all`, and in any order `--compute NAME`, `--sha SHA` and `-p NAME=VALUE`s.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.commands.command import (
    CancelCommand,
    Command,
    CommandError,
    HelpCommand,
    RunCommand,
    RunScope,
    StatusCommand,
)
from bot.commands.parameters import named_value
from bot.commands.quoting import quoted
from bot.model import JsonValue

_WITHOUT_WORDS: dict[str, Command] = {
    "cancel": CancelCommand(),
    "status": StatusCommand(),
    "help": HelpCommand(),
}
_SUBCOMMANDS = ("run", *_WITHOUT_WORDS)
_SCOPES = {scope.value: scope for scope in RunScope if scope is not RunScope.PATHS}
# What is to follow each option.
_OPTIONS = {"-p": "NAME=VALUE", "--compute": "NAME", "--sha": "SHA"}
# Editors and telephones make one long dash of two short ones.
_DASHES = ("-", "\N{EN DASH}", "\N{EM DASH}")

_COMPUTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")


def parse_command(line: str) -> Command:
    """Return the command of *line*, which begins with `/nbci`; raise CommandError if it is none."""
    words = _words(line.strip(" \t"))[1:]
    if not words:
        raise CommandError("After `/nbci`, say what to do.")
    name, *rest = words
    if name == "run":
        return _run(rest)
    if name not in _WITHOUT_WORDS:
        hint = _meant(name.lower(), _SUBCOMMANDS) or "."
        raise CommandError(f"nbci has no command {quoted(name)}{hint}")
    if rest:
        raise CommandError(f"Nothing can follow `/nbci {name}`, but {quoted(rest[0])} does.")
    return _WITHOUT_WORDS[name]


def _words(line: str) -> list[str]:
    for character in line:
        if not (character.isprintable() or character == "\t"):
            raise CommandError(
                f"The command holds a character that cannot be seen, {quoted(character)}."
                " Type it again rather than paste it."
            )
    if "<!--" in line:
        raise CommandError("A command cannot hold an HTML comment, which its readers do not see.")
    try:
        return shlex.split(line)
    except ValueError:
        raise CommandError(
            "A quotation mark is not closed, or a backslash ends the line."
            " A path with spaces or an apostrophe stands between double quotation marks."
        ) from None


def _run(words: list[str]) -> RunCommand:
    plain: list[str] = []
    given: dict[str, str] = {}
    parameters: dict[str, JsonValue] = {}
    for option, word in _arguments(words):
        if option is None:
            plain.append(word)
        elif option == "-p":
            name, value = _parameter(word)
            if name in parameters:
                raise CommandError(f"The parameter {quoted(name)} is given twice.")
            parameters[name] = value
        elif option in given:
            raise CommandError(f"`{option}` is given twice.")
        else:
            given[option] = word
    scope, paths = _selection(plain)
    return RunCommand(
        scope=scope,
        paths=paths,
        compute=_compute(given.get("--compute")),
        parameters=parameters,
        sha=_sha(given.get("--sha")),
    )


def _arguments(words: list[str]) -> Iterator[tuple[str | None, str]]:
    """Yield each option with its value, and each other word with None."""
    rest = iter(words)
    for word in rest:
        if not word.startswith(_DASHES):
            yield None, word
            continue
        option, equals, value = word.partition("=")
        if option not in _OPTIONS or (equals and option == "-p"):
            raise CommandError(_unknown_option(word))
        found = value if equals else next(rest, None)
        if found is None or (not equals and found in _OPTIONS):
            raise CommandError(f"`{option}` needs {_OPTIONS[option]} after it.")
        yield option, found


def _unknown_option(word: str) -> str:
    option = "--" + word.partition("=")[0].lstrip("".join(_DASHES)).lower()
    hint = "; did you mean `-p`?" if option.startswith("--p") else _meant(option, tuple(_OPTIONS))
    path = f". A path that begins like this is written {quoted('./' + word)}."
    return f"`/nbci run` has no option {quoted(word)}{hint or path}"


def _parameter(word: str) -> tuple[str, JsonValue]:
    found = named_value(word)
    if found is None:
        raise CommandError(
            f"`-p` needs NAME=VALUE after it, with a name that a variable can have,"
            f" and got {quoted(word)}."
        )
    return found


def _selection(words: list[str]) -> tuple[RunScope, tuple[str, ...]]:
    if not words:
        return RunScope.CHANGED, ()
    if len(words) == 1 and words[0] in _SCOPES:
        return _SCOPES[words[0]], ()
    for word in words:
        if word.lower() in _SCOPES:
            raise CommandError(
                f"`{word.lower()}` is written in lower case, without paths beside it."
                f" If {quoted(word)} is a path, write {quoted('./' + word)}."
            )
    return RunScope.PATHS, tuple(dict.fromkeys(map(_path, words)))


def _path(word: str) -> str:
    path = PurePosixPath(word)
    if not word.strip():
        raise CommandError("A path is empty.")
    if path.is_absolute() or ".." in path.parts:
        raise CommandError(
            f"{quoted(word)} is not a path inside the repository."
            " Write it from the top of the repository, without `..` and without `/` in front."
        )
    if "`" in word:
        raise CommandError(f"Write paths without backticks: {quoted(word)} has one.")
    return path.as_posix()


def _compute(word: str | None) -> str | None:
    if word is not None and not _COMPUTE.fullmatch(word):
        raise CommandError(
            "`--compute` needs the name of a compute after it, of letters, digits, `.`, `_` and"
            f" `-`, and got {quoted(word)}."
        )
    return word


def _sha(word: str | None) -> str | None:
    if word is None:
        return None
    if not _SHA.fullmatch(word):
        raise CommandError(
            "`--sha` needs a commit's SHA after it, at least 7 of its hexadecimal digits, and got"
            f" {quoted(word)}."
        )
    return word.lower()


def _meant(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word[:40], known, n=1)
    return f"; did you mean `{close[0]}`?" if close else ""
