"""Reviews on the machine at hand: what the command line and the Action build."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.backends.local.backend import LocalBackend
from bot.backends.local.durations import Durations
from bot.backends.local.launchers import ForkServerLauncher
from bot.backends.local.machine import cores
from bot.backends.local.pythons import Pythons
from bot.config import DEFAULT_PATH, OTHER_PATH, Config, config_from, load_config
from bot.errors import UsageError
from bot.forges.base import Checkout, Source
from bot.model import ReviewRequest


def config_of(source: Source, request: ReviewRequest) -> Config:
    """Return the configuration that a review goes by: its head's own; raises ConfigError."""
    if request.head is None:
        return load_config(source.root)
    return config_from(dict(source.read([DEFAULT_PATH, OTHER_PATH])))


def paths_in(checkout: Checkout, paths: Sequence[str]) -> tuple[str, ...]:
    """Return *paths*, relative to the current folder, as paths from the top of *checkout*.

    Raises UsageError for one that lies outside, and for an empty one.
    """
    return tuple(_path_in(checkout.root, path) for path in paths)


def _path_in(root: Path, path: str) -> str:
    if not path:
        raise UsageError("one of the paths is empty: name a notebook or a folder")
    # The folder is resolved, its last part is not: a symlinked notebook is one to reject, by name.
    whole = os.path.normpath(Path.cwd() / path)
    parent, name = os.path.split(whole)
    relative = os.path.relpath(Path(os.path.realpath(parent)) / name, root)
    if (relative + os.sep).startswith(os.pardir + os.sep):
        raise UsageError(f"{path} is outside of {root}")
    return relative


def local_backend(
    root: Path,
    identity: str,
    *,
    jobs: int | None = None,
    python: str | None = None,
    environment: Mapping[str, str] | None = None,
    early: ForkServerLauncher | None = None,
) -> LocalBackend:
    """Return a backend that runs notebooks of the repository *identity* in the folder *root*.

    They see the variables of *environment*, by default our own without what is secret.
    """
    return LocalBackend(
        root,
        jobs=jobs or cores(),
        pythons=Pythons(root, chosen=python, environment=environment, early=early),
        durations=Durations(identity),
    )
