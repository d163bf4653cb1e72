"""The fixture of the fake GitHub; a conftest.py imports it to offer it to its tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes.github.github import GitHub


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A GitHub of the test's own; the test fails if it is asked what GitHub would not accept."""
    with GitHub() as made:
        yield made
        violations = "\n".join(map(str, made.violations))
    assert not violations, f"GitHub would refuse:\n{violations}"
