"""A test whose program is missing is skipped in words on a laptop, and fails where all must run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
TESTS = """
import pytest

@pytest.mark.r_kernel
def test_with_r():
    pass

@pytest.mark.browser
def test_with_browser():
    pass

def test_with_nothing():
    pass
"""


@pytest.fixture
def run_pytest(tmp_path):
    """Run three tests, two of which need programs that are not on the PATH."""
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_it.py").write_text(TESTS)
    settings = f"[pytest]\nmarkers = ['r_kernel', 'browser']\npythonpath = ['{CONFTEST.parent}']\n"
    (tmp_path / "pytest.toml").write_text(settings)

    def run(*, require_all):
        environment = {**os.environ, "PATH": "/nonexistent"}
        environment.pop("NBCI_REQUIRE_ALL", None)
        if require_all:
            environment["NBCI_REQUIRE_ALL"] = "1"
        command = [sys.executable, "-m", "pytest", "-rs", "-n1", "-p", "no:cacheprovider"]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_missing_programs_are_named_with_the_command_that_installs_them(run_pytest):
    done = run_pytest(require_all=False)

    assert done.returncode == 0, done.stdout
    assert "1 passed, 2 skipped" in done.stdout
    assert "needs R with IRkernel (Debian: apt-get install r-base-core" in done.stdout
    assert "needs Chromium (Debian: apt-get install chromium)" in done.stdout


def test_a_skipped_test_is_a_failure_where_all_must_run(run_pytest):
    done = run_pytest(require_all=True)

    assert done.returncode == 1
    assert "NBCI_REQUIRE_ALL is set, and 2 did not run: failed" in done.stdout
