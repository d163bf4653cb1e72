"""What holds for a pull request: what the default branch says, and what its own copy may change.

Whoever opens a pull request can write into its copy of the configuration what they like. So it is
believed where it says what a notebook needs, and where it asks for less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from bot.config.config import Config, NotebookSettings, Rule, Settings
from bot.model import RunOptions

_Limit = TypeVar("_Limit", int, float)


def narrowed(policy: Config, own: Config) -> Config:
    """Return what holds where the default branch says *policy*, and a pull request's copy *own*.

    Of a notebook, the copy says the kernel, the environment, the modules to preload, the parameters
    and the matrix. Of limits the smaller holds, and further files can be named whose change makes
    it run. What is a notebook at all, the backend, the variables and whether it may fail are
    the default branch's to say.
    """
    return _Narrowed(
        include=policy.include,
        exclude=policy.exclude,
        max_notebooks=min(policy.max_notebooks, own.max_notebooks),
        defaults=own.defaults,
        rules=own.rules,
        policy=_without_parameters(policy),
        own=own,
    )


@dataclass(frozen=True, kw_only=True)
class _Narrowed(Config):
    policy: Config
    own: Config

    def settings_for(self, path: str) -> NotebookSettings:
        """Return what the copy says of a notebook, within what the default branch allows."""
        if path not in self._known:
            self._known[path] = _within(self.policy.settings_for(path), self.own.settings_for(path))
        return self._known[path]

    @cached_property
    def _known(self) -> dict[str, NotebookSettings]:
        return {}


def _within(allowed: NotebookSettings, wanted: NotebookSettings) -> NotebookSettings:
    # Only what adds files: nothing that the default branch names can be taken out again.
    further = (pattern for pattern in wanted.depends_on if not pattern.startswith("!"))
    new = tuple(pattern for pattern in further if pattern not in allowed.depends_on)
    return replace(
        wanted,
        options=_options(allowed.options, wanted.options),
        depends_on=(*new, *allowed.depends_on),
    )


def _options(allowed: RunOptions, wanted: RunOptions) -> RunOptions:
    return replace(
        wanted,
        backend=allowed.backend,
        allow_failure=allowed.allow_failure,
        env=allowed.env,
        timeout=min(allowed.timeout, wanted.timeout),
        cell_timeout=_smaller(allowed.cell_timeout, wanted.cell_timeout),
        memory_limit=_smaller(allowed.memory_limit, wanted.memory_limit),
    )


def _smaller(one: _Limit | None, other: _Limit | None) -> _Limit | None:
    """Return the smaller of two limits; None is none at all."""
    there = [limit for limit in (one, other) if limit is not None]
    return min(there, default=None)


def _without_parameters(policy: Config) -> Config:
    """Return *policy* without what is not asked of it: a mistake there must not be in the way."""

    def without(settings: Settings) -> Settings:
        return replace(settings, parameters={}, matrix={})

    rules = tuple(Rule(paths=rule.paths, settings=without(rule.settings)) for rule in policy.rules)
    return replace(policy, defaults=without(policy.defaults), rules=rules)
