"""How the bot is set up: environment variables, or an `.env` file in the current folder.

docs/configuration.md describes each of them; a test holds that page and this file together.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from bot.errors import UsageError

_log = logging.getLogger(__name__)

_PREFIX = "NBCI_"
_OWN_NAMES = {
    "database_url": "DATABASE_URL",
    "application_insights": "APPLICATIONINSIGHTS_CONNECTION_STRING",
}
_BACKENDS = ("local",)
_UNREAD = "unread"
"""Stands for a secret whose file cannot be read, so that it is not called missing too."""

_FOR_ALL = 0o004

_BEGINS_KEY = re.compile(r"-----BEGIN[ A-Z]*PRIVATE KEY-----")

_LEVELS = ("debug", "info", "warning", "error")


def variable(field: str) -> str:
    """Return the name of the environment variable of a setting."""
    return _OWN_NAMES.get(field, _PREFIX + field.upper())


def _url(text: str) -> str:
    expected = "must be a URL that begins with https://"
    try:
        url = urlsplit(text)
        is_whole = bool(url.hostname) and url.port != 0 and not (url.query or url.fragment)
    except ValueError:
        raise ValueError(expected) from None
    if url.username or url.password:
        raise ValueError("must not hold a user or password")
    if url.scheme not in ("http", "https") or not is_whole or re.search(r"\s", text):
        raise ValueError(expected)
    return text.rstrip("/")


def _key(value: object) -> object:
    """Return a private key's text, where it is the path of its file.

    What is neither is not repeated: it may be a key without its first line.
    """
    if not isinstance(value, str) or not value.strip() or value == _UNREAD:
        return value
    if _BEGINS_KEY.search(value):
        # Where a line end cannot be written, as in many a user interface, it is \\ and an n.
        return value.replace("\\n", "\n")
    try:
        text = Path(value.strip()).read_text()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise ValueError(
            f"is neither a PEM, which begins with -----BEGIN, nor the path of one: {why}"
        ) from None
    if not _BEGINS_KEY.search(text):
        raise ValueError("is the path of a file that holds no private key in PEM")
    return text


def _database(secret: SecretStr) -> SecretStr:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if secret.get_secret_value() == _UNREAD:
        return secret
    try:
        conninfo_to_dict(secret.get_secret_value())
    except ProgrammingError:
        # libpq's own words repeat the password.
        raise ValueError("must be like postgresql://USER:PASSWORD@HOST/DATABASE") from None
    return secret


def _not_blank(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("is empty")
    return secret


def _words(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _one_of(*names: str) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"must be one of {', '.join(names)}; got {name!r}")
        return name

    return AfterValidator(check)


_Url = Annotated[str, AfterValidator(_url)]
_Secret = Annotated[SecretStr, AfterValidator(_not_blank)]
_Number = Annotated[int, Field(ge=1, le=1_000_000_000)]
_Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


class Settings(BaseModel):
    """What the operator has set; secrets do not show in its repr."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    github_app_id: Annotated[int, Field(gt=0)]
    github_private_key: Annotated[_Secret, BeforeValidator(_key)]
    webhook_secret: _Secret
    webhook_secret_old: _Secret | None = None
    github_api_url: _Url = "https://api.github.com"
    public_url: _Url | None = None
    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default_factory=lambda: user_data_path("nbci")
    )
    database_url: Annotated[_Secret, AfterValidator(_database)] | None = None
    backend: Annotated[str, _Lower, _one_of(*_BACKENDS)] = "local"
    allow_local_backend: bool = False
    jobs: Annotated[int, Field(ge=1, le=1000)] | None = None
    pass_env: Annotated[tuple[str, ...], BeforeValidator(_words)] = ()
    max_runs_per_repository: _Number = 10
    max_runs_per_installation: _Number = 20
    max_queued_runs_per_repository: _Number = 1000
    max_runs_per_day: _Number = 2000
    retention_days: Annotated[float, Field(gt=0, le=36500)] = 30.0
    log_level: Annotated[str, _Lower, _one_of(*_LEVELS)] = "info"
    heartbeat_seconds: Annotated[float, Field(ge=0.2, le=60)] = 5.0
    application_insights: _Secret | None = None

    @model_validator(mode="after")
    def _backend_is_allowed(self) -> Settings:
        if self.backend == "local" and not self.allow_local_backend:
            raise ValueError(
                "NBCI_ALLOW_LOCAL_BACKEND: must be true for NBCI_BACKEND=local, with which this"
                " machine executes the notebooks of pull requests"
            )
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that is not to be seen in a log."""
        values = (getattr(self, name) for name in SECRETS)
        whole = [value.get_secret_value() for value in values if value is not None]
        return (*whole, *self._database_passwords())

    def _database_passwords(self) -> list[str]:
        """Return the password in the database's URL: what fails may name it without the rest."""
        if self.database_url is None:
            return []
        from psycopg.conninfo import conninfo_to_dict

        password = conninfo_to_dict(self.database_url.get_secret_value()).get("password")
        return [str(password)] if password else []

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """The secrets that a webhook may be signed with, the newest first."""
        both = (self.webhook_secret, self.webhook_secret_old)
        return tuple(secret.get_secret_value().encode() for secret in both if secret is not None)


SECRETS = tuple(
    name for name, field in Settings.model_fields.items() if "SecretStr" in repr(field.annotation)
)
"""The settings that are secrets: each can be given as the path of a file, in NAME_FILE."""


def load_settings(environ: Mapping[str, str], dotenv: Path) -> Settings:
    """Return the settings that *environ* gives and, where it does not, the file *dotenv*.

    Raises UsageError with a line for each that is wrong or missing.
    """
    given = {name: text for name, text in _read(dotenv).items() if text is not None}
    given |= environ
    problems: list[str] = []
    values = {
        field: value
        for field in Settings.model_fields
        if (value := _value(field, given, problems)) is not None
    }
    _warn_of_unknown(given)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise UsageError("\n".join([*problems, *_told(error)])) from None
    if problems:
        raise UsageError("\n".join(problems))
    return settings


def open_files(environ: Mapping[str, str], dotenv: Path) -> list[Path]:
    """Return the files with secrets of the bot that everybody on this machine can read."""
    given = {name: text for name, text in _read(dotenv).items() if text} | dict(environ)
    named = [given.get(f"{variable(name)}_FILE") for name in SECRETS]
    key = given.get(variable("github_private_key"), "").strip()
    named.append(None if "-----BEGIN" in key else key)
    files = [dotenv, *(Path(name) for name in named if name)]
    return [path for path in files if path.is_file() and path.stat().st_mode & _FOR_ALL]


def _read(dotenv: Path) -> Mapping[str, str | None]:
    try:
        return dotenv_values(dotenv, interpolate=False) if dotenv.is_file() else {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{dotenv}: it cannot be read: {error}") from None


def _value(field: str, given: Mapping[str, str], problems: list[str]) -> str | None:
    name = variable(field)
    in_file = f"{name}_FILE"
    if field not in SECRETS or not given.get(in_file):
        # What is there and empty is as good as absent, but for what must not be empty.
        text = given.get(name)
        return text if text or field in SECRETS else None
    if given.get(name):
        problems.append(f"{name}: is given, and {in_file} too: one of them must go")
        return given[name]
    try:
        return Path(given[in_file]).read_text().rstrip("\r\n")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        problems.append(f"{in_file}: {given[in_file]} cannot be read: {why}")
        return _UNREAD


def _warn_of_unknown(given: Mapping[str, str]) -> None:
    known = {variable(field) for field in Settings.model_fields}
    known |= {f"{variable(field)}_FILE" for field in SECRETS}
    for name in sorted(name for name in given if name.startswith(_PREFIX) and name not in known):
        near = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"; {near[0]} is one" if near else ""
        _log.warning("%s is no setting of nbci%s", name, hint)


def _told(error: ValidationError) -> list[str]:
    return [_line(one) for one in error.errors(include_url=False, include_input=False)]


def _line(problem: Any) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = variable(str(problem["loc"][0]))
    if problem["type"] == "missing":
        return f"{name}: is missing; docs/configuration.md says what it is"
    return f"{name}: {message[0].lower()}{message[1:]}"
