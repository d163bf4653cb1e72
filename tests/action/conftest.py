"""Worlds to run the Action in."""

import contextlib

import pytest
from building.repositories import make_repository
from building.worlds import World, write
from fakes.github import GitHub


@pytest.fixture(scope="module")
def new_world(tmp_path_factory):
    """Call it with the files of the base, and what the pull request changes, for a World."""
    with contextlib.ExitStack() as stack:
        worlds = []

        def make(base, change, *, fork=None, permissions=None):
            folder = tmp_path_factory.mktemp("world")
            github = stack.enter_context(GitHub())
            working = make_repository(folder / "origin")
            write(working, base)
            working.commit("base")
            working.git("switch", "--quiet", "--create", "feature")
            write(working, change)
            working.commit("change")
            repository = github.add_repository("acme/films", working)
            repository.add_collaborator("maria", "write")
            pull = repository.open_pull_request(fork=fork)
            token = github.token(repository, permissions=permissions)
            worlds.append(World(folder, github, working, repository, pull, token))
            return worlds[-1]

        yield make
        violations = [str(item) for world in worlds for item in world.github.violations]
    assert not violations, violations


@pytest.fixture
def world(new_world):
    """A pull request that changes one notebook of two, which passes."""
    return new_world({"a.ipynb": ["1"], "b.ipynb": ["2"]}, {"a.ipynb": ["print('changed')"]})
