"""The inputs of the Action, checked: a mistake names the input and what it takes."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from action.secrets import PREFIX
from bot.commands.parameters import named_value
from bot.config import DEFAULT_PATH
from bot.errors import UsageError
from bot.model import JsonValue, printable
from bot.publishing import ChecksMode

_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock$|/$|\.$))[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}")

_Choice = TypeVar("_Choice", bound=StrEnum)


class Mode(StrEnum):
    """What the step is for."""

    AUTO = "auto"
    ACKNOWLEDGE = "acknowledge"
    CLEAN_UP = "clean-up"


class FailOn(StrEnum):
    """When the step fails."""

    FAILURE = "failure"
    NEVER = "never"


class BackendInput(StrEnum):
    """Where notebooks run; empty is what the configuration says."""

    CONFIGURED = ""
    LOCAL = "local"
    AZUREML = "azureml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the workflow asks for; `timeout` is in seconds."""

    token: str = field(default="", repr=False)
    backend: BackendInput = BackendInput.CONFIGURED
    notebooks: tuple[str, ...] = ()
    all: bool = False
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    compute: str = ""
    config: str = DEFAULT_PATH
    jobs: int | None = None
    timeout: float | None = None
    checks: ChecksMode = ChecksMode.AUTO
    comment: bool = True
    outputs_branch: str = ""
    wait: bool = True
    fail_on: FailOn = FailOn.FAILURE
    python: str = ""
    pass_env: tuple[str, ...] = ()
    mode: Mode = Mode.AUTO

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Inputs:
        """Return what the variables `NBCI_INPUT_…` say; raises UsageError for what is wrong."""
        given = _Given(environment)
        minutes = given.number("timeout-minutes")
        jobs = given.number("jobs")
        if jobs is not None and jobs != int(jobs):
            raise given.mistake("jobs", "a whole number")
        return cls(
            token=_token(given),
            backend=given.choice("backend", BackendInput.CONFIGURED),
            notebooks=tuple(_path(given, "notebooks", line) for line in given.lines("notebooks")),
            all=given.flag("all", default=False),
            parameters=dict(_parameter(given, line) for line in given.lines("parameters")),
            compute=given.text("compute"),
            config=_path(given, "config", given.text("config") or DEFAULT_PATH),
            jobs=None if jobs is None else int(jobs),
            timeout=None if minutes is None else minutes * 60,
            checks=given.choice("checks", ChecksMode.AUTO),
            comment=given.flag("comment", default=True),
            outputs_branch=_branch(given),
            wait=given.flag("wait", default=True),
            fail_on=given.choice("fail-on", FailOn.FAILURE),
            python=given.text("python"),
            pass_env=tuple(given.text("pass-env").split()),
            mode=given.choice("mode", Mode.AUTO),
        )


def check_backend(inputs: Inputs) -> None:
    """Raise UsageError for what the backend that notebooks run on has no use for."""
    if inputs.backend is BackendInput.AZUREML:
        return
    if not inputs.wait:
        raise UsageError(
            "input `wait`: notebooks end with this job, so it has to wait for them; `false` is for"
            " a backend that goes on without it"
        )
    if inputs.compute:
        raise UsageError("input `compute`: this runner is the only compute of the backend `local`")


class _Given:
    """The inputs as text."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str:
        variable = PREFIX + name.upper().replace("-", "_")
        return self._environment.get(variable, "").strip()

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name).lower()
        if text not in ("", "true", "false"):
            raise self.mistake(name, "`true` or `false`")
        return text == "true" if text else default

    def number(self, name: str) -> float | None:
        text = self.text(name)
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number > 0):
            raise self.mistake(name, "a number above 0")
        return number

    def choice(self, name: str, default: _Choice) -> _Choice:
        choices = type(default)
        try:
            return choices(self.text(name) or default.value)
        except ValueError:
            known = ", ".join(f"`{choice.value}`" for choice in choices if choice.value)
            raise self.mistake(name, f"one of {known}") from None

    def mistake(self, name: str, expected: str, text: str | None = None) -> UsageError:
        shown = printable(self.text(name) if text is None else text)
        return UsageError(f"input `{name}`: expected {expected}, got {shown!r}")


def _token(given: _Given) -> str:
    token = given.text("token")
    if not token:
        raise UsageError(
            "input `token`: it is empty; leave the input out to use the workflow's own token, or"
            " see that the secret it comes from exists and is given to this event"
        )
    return token


def _path(given: _Given, name: str, path: str) -> str:
    normal = posixpath.normpath(path)
    if normal.startswith(("/", "../")) or normal == ".." or "\0" in normal:
        raise given.mistake(name, "a path inside the repository", path)
    return normal


def _parameter(given: _Given, line: str) -> tuple[str, JsonValue]:
    found = named_value(line)
    if found is None:
        raise given.mistake("parameters", "NAME=VALUE with a name that is an identifier", line)
    return found


def _branch(given: _Given) -> str:
    name = given.text("outputs-branch").removeprefix("refs/heads/")
    if name and not _BRANCH.fullmatch(name):
        raise given.mistake("outputs-branch", "the name of a branch")
    return name
