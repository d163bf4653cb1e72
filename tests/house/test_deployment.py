"""What the image and the compose file promise, read from them: there is no Docker in the tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from bot.service.metrics import ABOUT
from bot.settings import SECRETS, Settings, variable

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
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
    installs = [
        command
        for line in instructions("RUN")
        for command in line.split("&&")
        if "pip install" in command and "dist/*.whl" not in command
    ]

    assert len(installs) == 3
    for command in installs:
        assert "--require-hashes" in command
        assert "--only-binary=:all:" in command
        assert re.search(r"-r requirements/\w+\.txt\s*$", command)


def test_notebooks_have_a_python_of_their_own():
    (environment,) = instructions("ENV")
    (python,) = re.findall(r"VIRTUAL_ENV=(\S+)", environment)

    assert any(f"{python}/bin/pip install" in line for line in instructions("RUN"))
    assert f"--from=packages {python} {python}" in instructions("COPY")
    assert f"{python}/bin/pip install" in OPERATIONS


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


def test_each_number_is_documented_and_nothing_else():
    told = set(re.findall(r"`(nbci_\w+)", OPERATIONS))

    assert told == {*ABOUT, "nbci_database_up"}


def test_the_container_app_is_given_what_it_needs_and_secrets_by_reference_alone():
    (app,) = (block for block in blocks("yaml") if "environmentId" in block)
    properties = yaml.safe_load(app)["properties"]
    (container,) = properties["template"]["containers"]
    known = {variable(field) for field in Settings.model_fields}
    secrets = {variable(field) for field in SECRETS}
    referred = {one["name"]: one["secretRef"] for one in container["env"] if "secretRef" in one}

    assert {one["name"] for one in container["env"]} <= known
    assert set(referred) == secrets & {one["name"] for one in container["env"]}
    assert set(referred.values()) == {
        one["name"] for one in properties["configuration"]["secrets"] if "keyVaultUrl" in one
    }


def test_each_line_of_the_log_that_is_explained_is_one():
    table = OPERATIONS.partition("| Line | Level |")[2].partition("\n\n")[0]
    cells = [row.removeprefix("|").partition("|")[0] for row in table.splitlines()]
    explained = re.findall(r"`([^`]+)`", " ".join(cells))
    formats = [
        re.sub(r"%(\.\d)?[sdf]", "\0", text)
        for path in (ROOT / "bot").rglob("*.py")
        for text in re.findall(r"_log\.(?:info|warning|error)\(\s*\"([^\"]+)\"", path.read_text())
    ]

    assert len(explained) > 10
    for line in explained:
        said = re.sub(r"[A-Z]{2,}|\bN\b|\bM\b|…", "\0", line)
        assert line.startswith("POST ") or any(one.startswith(said) for one in formats), line


def blocks(language: str) -> list[str]:
    """Return what docs/operations.md has in fences of a language."""
    return re.findall(rf"```{language}\n(.*?)```", OPERATIONS, re.DOTALL)
