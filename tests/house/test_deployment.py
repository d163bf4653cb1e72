"""What the image and the compose file promise, read from them: there is no Docker in the tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from bot.settings import SECRETS, Settings, variable

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = ("web", "worker", "migrate")


def instructions(name: str) -> list[str]:
    """Return the arguments of each instruction of the Dockerfile with that name."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"(?m)^{name} (.*)$", joined)


def test_the_image_is_made_of_pinned_images():
    images = [line.split()[0] for line in instructions("FROM")]

    assert images
    assert all(re.search(r":\d+\.\d+\.\d+-", image) for image in images)


def test_the_image_is_run_by_nobody_with_rights():
    (user,) = instructions("USER")

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    assert DOCKERFILE.index("USER ") < DOCKERFILE.index("ENTRYPOINT")


def test_everything_that_is_copied_is_there_and_let_into_the_build():
    allowed = (ROOT / ".dockerignore").read_text()
    copied = [line for line in instructions("COPY") if not line.startswith("--from")]
    sources = [source for line in copied for source in line.split()[:-1]]

    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in allowed, source


def test_packages_are_installed_with_their_hashes_and_compile_nothing():
    locked = [line for line in instructions("RUN") if "requirements/" in line]

    assert locked
    assert all("--require-hashes" in line and "--only-binary=:all:" in line for line in locked)


def test_no_secret_is_in_the_image():
    assert not instructions("ADD")
    assert not instructions("ARG")
    for name in SECRETS:
        assert variable(name) not in DOCKERFILE


def test_the_image_says_how_it_is_asked_whether_it_lives():
    (check,) = instructions("HEALTHCHECK")

    assert "/healthz" in json.loads(check.partition("CMD ")[2])[2]


@pytest.mark.parametrize("name", OURS)
def test_a_container_can_write_nothing_but_its_data_and_gain_nothing(name):
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["volumes"] == ["data:/data"]


@pytest.mark.parametrize("name", OURS)
def test_compose_sets_what_is_a_setting_and_secrets_by_files_alone(name):
    known = {variable(field) for field in Settings.model_fields}
    in_files = {f"{variable(field)}_FILE" for field in SECRETS}
    environment = COMPOSE["services"][name]["environment"]

    assert set(environment) <= known | in_files
    assert not {variable(field) for field in SECRETS} & set(environment)
    files = {path.rpartition("/")[2] for key, path in environment.items() if key in in_files}
    assert files <= set(COMPOSE["services"][name]["secrets"]) <= set(COMPOSE["secrets"])


def test_nothing_is_served_to_the_world_without_a_proxy():
    assert COMPOSE["services"]["web"]["ports"] == ["127.0.0.1:8080:8080"]
