"""The bot's behaviour on a GitHub and a database of the tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from building.databases import new_database
from building.repositories import Repository as Working
from fakes.github import GitHub
from fakes.github.installing import InstalledApp
from service.behaviour.world import World, make_template, make_world

from bot.service.database import Database


@pytest.fixture(scope="module")
def hub() -> Iterator[InstalledApp]:
    """An App on a GitHub, which the tests of a module share: each has a repository of its own."""
    with GitHub() as github:
        app = github.install_app("nbci-test", github.add_repository("acme/nothing"))
        yield app
        violations = [str(item) for item in github.violations]
    assert not violations, violations


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Working:
    return make_template(tmp_path_factory.mktemp("template") / "work")


@pytest.fixture(scope="module")
def shared_database(database_server: str) -> Iterator[Database]:
    with new_database(database_server, "template") as dsn:
        made = Database(dsn, size=3)
        yield made
        made.close()


@pytest.fixture
def world(hub: InstalledApp, template: Working, shared_database: Database, tmp_path: Path) -> World:
    """A pull request can be opened from `feature` to `main`, or to `other`."""
    working = Working(tmp_path / "work")
    shutil.copytree(template.root, working.root)
    hub.github.hooks.clear()
    hub.github.faults.planned.clear()
    return make_world(hub.github, hub, working, shared_database)
