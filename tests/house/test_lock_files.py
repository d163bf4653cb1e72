"""The lock files hold what pyproject.toml asks for, can be trusted, and bind nobody to a host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK_FILES = {
    "run.txt": PROJECT["project"]["dependencies"],
    "action.txt": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["action"],
    ],
    "bot.txt": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["bot"],
        *PROJECT["project"]["optional-dependencies"]["telemetry"],
    ],
    "test.txt": [
        *PROJECT["project"]["dependencies"],
        *(line for group in PROJECT["dependency-groups"].values() for line in group),
    ],
    "build.txt": PROJECT["dependency-groups"]["build"],
    "kernel.txt": PROJECT["dependency-groups"]["kernel"],
}


def read_pins(name):
    """Return the requirement and the hashes of each entry of a lock file."""
    text = (ROOT / "requirements" / name).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", text))
    return [
        (Requirement(entry.split("\\")[0]), re.findall(r"--hash=sha256:[0-9a-f]{64}", entry))
        for entry in entries
    ]


@pytest.mark.parametrize("name", LOCK_FILES)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_requirement_of_the_project_is_locked_at_a_version_it_allows(name, python):
    environment = {**default_environment(), "python_version": python, "python_full_version": python}
    versions = {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin, _hashes in read_pins(name)
        if pin.marker is None or pin.marker.evaluate(environment)
    }

    unmet = [
        line
        for line in map(Requirement, LOCK_FILES[name])
        if not line.specifier.contains(versions.get(canonicalize_name(line.name), "0"))
    ]

    assert unmet == [], "bring the lock files up to date with: make lock"


@pytest.mark.parametrize("name", LOCK_FILES)
def test_every_locked_package_has_one_exact_version_and_its_hashes(name):
    loose = [
        str(pin)
        for pin, hashes in read_pins(name)
        if [clause.operator for clause in pin.specifier] != ["=="] or not hashes
    ]

    assert loose == []


@pytest.mark.parametrize("name", LOCK_FILES)
def test_lock_files_name_no_host_and_no_index(name):
    text = (ROOT / "requirements" / name).read_text()

    assert re.findall(r"(?m)^\s*--(?!hash).*|\w+://.*", text) == []


def test_the_same_versions_are_run_and_tested():
    run, action, bot, test, build, kernel = (
        {f"{pin.name}{pin.specifier}" for pin, _ in read_pins(name)} for name in LOCK_FILES
    )

    assert run <= action <= test
    assert run <= bot <= test
    assert build | kernel <= test
