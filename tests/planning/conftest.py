import os
from collections.abc import Callable
from pathlib import Path

import pytest
from building.repositories import Repository, make_repository

from bot.config import Config
from bot.forges.local_git import LocalRepository
from bot.model import Plan
from bot.planning.selection import make_plan

Planner = Callable[..., Plan]


@pytest.fixture(autouse=True)
def no_configuration_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "repository")


@pytest.fixture
def plan(repository: Repository, tmp_path: Path) -> Planner:
    """Plan what differs from the last commit, or what is asked for."""

    def make(*, config: Config | None = None, base: str | None = None, **asked: object) -> Plan:
        checkout = LocalRepository.open(repository.root)
        base = base or ("HEAD" if not asked else None)
        request = checkout.request(base, **asked)
        source = checkout.source(request)
        return make_plan(source, config or Config(), request, cache_folder=tmp_path / "cache")

    return make
