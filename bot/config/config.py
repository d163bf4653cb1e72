"""What the configuration says of each notebook. Plain values: nothing here reads a file."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from bot.config.patterns import TEXT_SUFFIXES, Matcher, for_text_notebooks, matcher
from bot.errors import ConfigError
from bot.model import JsonValue, RunOptions

DEFAULT_PATH = ".github/nbci.yml"
MAX_PARAMETER_SETS = 100

_Value = TypeVar("_Value")

_INCLUDE = ("*.ipynb",)
_NEVER = frozenset({".ipynb_checkpoints", "nbci-report"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookSettings:
    """How one notebook is to be run.

    `parameter_sets` has at least one entry, `{}` when nothing is configured: the parameters with
    each combination of the matrix, whose first name varies slowest.
    """

    options: RunOptions
    parameter_sets: tuple[Mapping[str, JsonValue], ...]
    depends_on: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `defaults` or one rule says; `options` holds those fields of RunOptions it names."""

    options: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    preload: tuple[str, ...] = ()
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    matrix: Mapping[str, Sequence[JsonValue]] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()

    def overlaid(self, later: Settings) -> Settings:
        """Return both in one: a value of *later* replaces, a mapping merges, a list is added to."""
        return Settings(
            options={**self.options, **later.options},
            env={**self.env, **later.env},
            preload=_joined(self.preload, later.preload),
            parameters={**_without(self.parameters, later.matrix), **later.parameters},
            matrix={**_without(self.matrix, later.parameters), **later.matrix},
            depends_on=_joined(self.depends_on, later.depends_on),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Settings for the notebooks whose path matches."""

    paths: tuple[str, ...]
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class Config:
    """What `.github/nbci.yml` says; without arguments, what holds when there is no file.

    Patterns have the meaning they have in `.gitignore`, relative to the top of the repository.
    """

    include: tuple[str, ...] = _INCLUDE
    exclude: tuple[str, ...] = ()
    max_notebooks: int = 500
    defaults: Settings = Settings()
    rules: tuple[Rule, ...] = ()

    def is_notebook(self, path: str) -> bool:
        """Whether *path* is a notebook of this repository: included, not excluded, no copy of ours.

        A text notebook is one only if a pattern spells its ending out, as `guide/*.md` does.
        """
        suffix = posixpath.splitext(path)[1]
        if suffix == ".ipynb":
            included = self._includes(path)
        elif suffix in TEXT_SUFFIXES:
            included = self._includes_text(path)
        else:
            return False
        return included and _NEVER.isdisjoint(path.split("/")) and not self._excludes(path)

    def settings_for(self, path: str) -> NotebookSettings:
        """Return the defaults, then each rule whose `paths` match, in order; the later one wins.

        Raises ConfigError when the matrices of those rules together make too many combinations.
        """
        rules = tuple(number for number, matches in enumerate(self._rules) if matches(path))
        if rules not in self._merged:
            self._merged[rules] = self._merge(rules, path)
        return self._merged[rules]

    def _merge(self, rules: tuple[int, ...], path: str) -> NotebookSettings:
        settings = self.defaults
        for number in rules:
            settings = settings.overlaid(self.rules[number].settings)
        if combinations(settings.matrix) > MAX_PARAMETER_SETS:
            raise ConfigError(
                f"{DEFAULT_PATH}: the rules for {path!r} together make more than"
                f" {MAX_PARAMETER_SETS} combinations of parameters"
            )
        return NotebookSettings(
            options=RunOptions(env=settings.env, preload=settings.preload, **settings.options),
            parameter_sets=tuple(
                {**settings.parameters, **dict(zip(settings.matrix, values, strict=True))}
                for values in itertools.product(*settings.matrix.values())
            ),
            depends_on=settings.depends_on,
        )

    @cached_property
    def _includes(self) -> Matcher:
        if self.include == _INCLUDE:
            return lambda path: True  # only .ipynb files are asked about
        return matcher(self.include)

    @cached_property
    def _includes_text(self) -> Matcher:
        return matcher(for_text_notebooks(self.include))

    @cached_property
    def _excludes(self) -> Matcher:
        return matcher(self.exclude)

    @cached_property
    def _rules(self) -> tuple[Matcher, ...]:
        return tuple(matcher(rule.paths) for rule in self.rules)

    @cached_property
    def _merged(self) -> dict[tuple[int, ...], NotebookSettings]:
        return {}


def combinations(matrix: Mapping[str, Sequence[JsonValue]]) -> int:
    """Return how many parameter sets *matrix* makes, without making them."""
    count = 1
    for values in matrix.values():
        count *= len(values)
    return count


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _without(mapping: Mapping[str, _Value], names: Mapping[str, object]) -> dict[str, _Value]:
    return {name: value for name, value in mapping.items() if name not in names}
