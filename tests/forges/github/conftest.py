from pathlib import Path

import pytest
from building.hosted import Hosted, host
from fakes.github import GitHub
from fakes.github.fixtures import github

__all__ = ["github"]


@pytest.fixture
def hosted(github: GitHub, tmp_path: Path) -> Hosted:
    return host(github, tmp_path / "work")
