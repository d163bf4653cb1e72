"""The configuration file: where it is, and reading it into a Config."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config.config import DEFAULT_PATH, Config
from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.config.naming import Location
    from bot.config.syntax import Mistake

OTHER_PATH = ".github/nbci.yaml"
MAX_REPORTED = 20

_BOTH = f"{OTHER_PATH}:1: there is also {DEFAULT_PATH}; keep one of the two"


def load_config(root: Path) -> Config:
    """Return the configuration of the checkout at *root*; the defaults when it has no file.

    Raises ConfigError for a file that is wrong, cannot be read, or is there under both names.
    """
    present = [name for name in (DEFAULT_PATH, OTHER_PATH) if _exists(root / name)]
    if len(present) > 1:
        raise ConfigError(_BOTH)
    if not present:
        return Config()
    (name,) = present
    path = root / name
    # What a link leads to would be quoted in messages that others can read.
    if path.resolve() != root.resolve() / name:
        raise ConfigError(f"{name}:1: the file must not be or be behind a symbolic link")
    return parse_config(_read(path, name), name)


def config_from(files: Mapping[str, bytes]) -> Config:
    """Return the configuration that *files*, contents by path, hold; the defaults without one.

    Raises ConfigError as `load_config` does.
    """
    present = [name for name in (DEFAULT_PATH, OTHER_PATH) if name in files]
    if len(present) > 1:
        raise ConfigError(_BOTH)
    return parse_config(files[present[0]], present[0]) if present else Config()


def check_config(path: Path) -> Config:
    """Return the configuration in the file at *path*; raises ConfigError if anything is wrong."""
    return parse_config(_read(path, str(path)), str(path))


def parse_config(text: bytes, name: str = DEFAULT_PATH) -> Config:
    """Return what the configuration file with this content says.

    Raises ConfigError with one line for each mistake, which begins with *name* and the line.
    """
    from pydantic import ValidationError

    from bot.config.document import read_document
    from bot.config.mistakes import mistakes_in
    from bot.config.schema import ConfigFile
    from bot.config.syntax import Mistake

    try:
        document = read_document(text)
    except Mistake as mistake:
        raise ConfigError(mistake.at(name)) from None
    mistakes = dict(document.mistakes)
    try:
        config = ConfigFile.model_validate(
            {} if document.value is None else document.value
        ).config()
    except ValidationError as error:
        mistakes = mistakes_in(error, document) | mistakes
    if mistakes:
        raise ConfigError(*_report(mistakes, name))
    return config


def schema_json() -> str:
    """Return the JSON Schema of the file, as kept in `schema/nbci.schema.json` for editors."""
    from bot.config import schema

    return schema.schema_json()


def _report(mistakes: Mapping[Location, Mistake], name: str) -> list[str]:
    ordered = sorted(mistakes.values(), key=lambda mistake: mistake.line)
    lines = [mistake.at(name) for mistake in ordered[:MAX_REPORTED]]
    if len(ordered) > MAX_REPORTED:
        lines.append(f"{name}: and {len(ordered) - MAX_REPORTED} mistakes more")
    return lines


def _read(path: Path, name: str) -> bytes:
    from bot.config.document import MAX_BYTES

    if not path.is_file():
        raise ConfigError(
            f"{name}:1: not a regular file" if path.exists() else f"{name}: no such file"
        )
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{name}:1: cannot be read: {error.strerror}") from None


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()
