"""What all tests share: how much random input they get, and which programs they may ask for."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

import pytest
from hypothesis import settings

pytest_plugins = ["building.databases"]

settings.register_profile("default", deadline=None, max_examples=25)
settings.register_profile("soak", deadline=None, max_examples=500)
settings.load_profile("default")

# Set where every test must run (.ci/run): then a missing program is a failure and not a skip.
REQUIRE_ALL = os.environ.get("NBCI_REQUIRE_ALL") == "1"


@functools.cache
def find_chromium() -> str | None:
    names = ["chromium", "chromium-browser", "google-chrome"]
    return next((path for name in names if (path := shutil.which(name))), None)


@functools.cache
def has_r_kernel() -> bool:
    if not shutil.which("Rscript"):
        return False
    asked = ["Rscript", "-e", "if (!requireNamespace('IRkernel', quietly = TRUE)) quit(status = 1)"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.fixture
def chromium() -> str:
    """The path of a Chromium; ask for it in tests marked `browser`."""
    path = find_chromium()
    assert path is not None
    return path


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = []
    if item.get_closest_marker("r_kernel") and not has_r_kernel():
        missing.append("R with IRkernel (Debian: apt-get install r-base-core r-cran-irkernel)")
    if item.get_closest_marker("browser") and not find_chromium():
        missing.append("Chromium (Debian: apt-get install chromium)")
    if missing:
        pytest.skip("needs " + " and ".join(missing))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if REQUIRE_ALL and count_skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(config: pytest.Config) -> None:
    if REQUIRE_ALL and (skipped := count_skipped(config)):
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line(f"NBCI_REQUIRE_ALL is set, and {skipped} did not run: failed", red=True)


def count_skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter else 0
