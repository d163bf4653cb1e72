"""The values a key of `.github/nbci.yml` can have: their types, limits and what to call them."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from bot.config.config import MAX_PARAMETER_SETS, combinations
from bot.config.naming import shown
from bot.config.patterns import NOTEBOOK_SUFFIXES, problem_of

MAX_MINUTES = 7 * 24 * 60
MAX_NOTEBOOKS = 100_000
MAX_PATTERNS = 200
RESERVED_ENV = ("NBCI_", "GITHUB_", "ACTIONS_")

_UNITS = {"MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}


def expecting(what: str) -> WrapValidator:
    """Say *what* a value must be instead of pydantic's own words."""

    def validate(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise PydanticCustomError("expected", "{what}", {"what": what}) from None

    return WrapValidator(validate)


def _check_pattern(pattern: str) -> str:
    if problem := problem_of(pattern):
        raise ValueError(problem)
    return pattern


def _check_include(pattern: str) -> str:
    ending = re.fullmatch(r"\*(\.[A-Za-z]\w*)", PurePosixPath(pattern).name)
    if ending and ending[1] not in NOTEBOOK_SUFFIXES:
        raise ValueError(f"matches no notebook: none ends in '{ending[1]}'")
    return pattern


def _check_environment(path: str) -> str:
    parsed = PurePosixPath(path)
    if parsed.is_absolute() or ".." in parsed.parts or "\\" in path or not path.isprintable():
        raise ValueError("must be a path inside the repository, with / and without '..'")
    if parsed.suffix not in (".txt", ".yml", ".yaml"):
        raise ValueError("must be a requirements file (.txt) or a conda file (.yml, .yaml)")
    return str(parsed)


def _check_parameter_name(name: str) -> str:
    if not name.isidentifier():
        raise ValueError("is not a name that a notebook's variable can have")
    return name


def _check_env_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("is not a name that an environment variable can have")
    if name.upper().startswith(RESERVED_ENV):
        raise ValueError(f"is reserved: names that begin with {', '.join(RESERVED_ENV)} are")
    return name


def _check_values(values: list[JsonValue]) -> list[JsonValue]:
    spelled = [json.dumps(value, sort_keys=True) for value in values]
    if repeated := next((text for text in spelled if spelled.count(text) > 1), None):
        raise ValueError(f"has {shown(repeated)} more than once")
    return values


def _check_matrix(matrix: dict[str, list[JsonValue]]) -> dict[str, list[JsonValue]]:
    if combinations(matrix) > MAX_PARAMETER_SETS:
        raise ValueError(f"makes more than {MAX_PARAMETER_SETS} combinations")
    return matrix


Pattern = Annotated[str, expecting("a path pattern, as text"), AfterValidator(_check_pattern)]
Patterns = Annotated[list[Pattern], Field(max_length=MAX_PATTERNS)]
IncludePattern = Annotated[Pattern, AfterValidator(_check_include)]
Minutes = Annotated[
    float,
    Field(gt=0, le=MAX_MINUTES, allow_inf_nan=False),
    expecting(f"a number above 0 and at most {MAX_MINUTES}"),
]
MemoryLimit = Annotated[
    str,
    StringConstraints(pattern=r"^0*[1-9][0-9]{0,6}(MB|GB|MiB|GiB)$"),
    expecting("a size such as 512MB or 4GB"),
]
KernelName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$"),
    expecting("the name of a kernel spec, as `jupyter kernelspec list` shows it"),
]
ModuleName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"),
    expecting("the name of a Python module"),
]
NotebookCount = Annotated[
    int,
    Field(ge=1, le=MAX_NOTEBOOKS),
    expecting(f"a whole number from 1 to {MAX_NOTEBOOKS}"),
]
BackendName = Annotated[Literal["local", "azureml"], expecting("'local' or 'azureml'")]
EnvironmentFile = Annotated[str, expecting("a path, as text"), AfterValidator(_check_environment)]
Flag = Annotated[bool, expecting("true or false")]
EnvName = Annotated[str, AfterValidator(_check_env_name)]
EnvValue = Annotated[str, expecting("text")]
ParameterName = Annotated[str, AfterValidator(_check_parameter_name)]
Parameters = dict[ParameterName, JsonValue]
Values = Annotated[
    list[JsonValue],
    Field(min_length=1, max_length=MAX_PARAMETER_SETS),
    AfterValidator(_check_values),
]
Matrix = Annotated[dict[ParameterName, Values], AfterValidator(_check_matrix)]
Env = dict[EnvName, EnvValue]
ModuleNames = Annotated[list[ModuleName], Field(max_length=MAX_PATTERNS)]
IncludePatterns = Annotated[list[IncludePattern], Field(min_length=1, max_length=MAX_PATTERNS)]


def bytes_of(size: str) -> int:
    """Return a MemoryLimit in bytes."""
    number, unit = re.findall(r"[0-9]+|[A-Za-z]+", size)
    return int(number) * _UNITS[unit]
