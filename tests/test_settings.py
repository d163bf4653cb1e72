"""The settings of the bot: read from the environment and .env, and what is said of wrong ones."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from bot.errors import UsageError
from bot.settings import SECRETS, Settings, load_settings, open_files, variable

ROOT = Path(__file__).parents[1]
PEM = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"
ENOUGH = {
    "NBCI_GITHUB_APP_ID": "123",
    "NBCI_GITHUB_PRIVATE_KEY": PEM,
    "NBCI_WEBHOOK_SECRET": "s3cret",
    "NBCI_ALLOW_LOCAL_BACKEND": "true",
}
NO_FILE = Path("/nonexistent/.env")


def problems(environ, dotenv=NO_FILE) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load_settings(environ, dotenv)
    return str(caught.value).splitlines()


def test_what_is_required_is_enough():
    settings = load_settings(ENOUGH, NO_FILE)

    assert settings.github_app_id == 123
    assert settings.github_api_url == "https://api.github.com"
    assert settings.webhook_secrets == (b"s3cret",)
    assert settings.database_url is None


def test_every_mistake_is_named_on_a_line_of_its_own():
    told = problems(
        {
            "NBCI_GITHUB_APP_ID": "nbci",
            "NBCI_WEBHOOK_SECRET": " ",
            "NBCI_PUBLIC_URL": "nbci.example.org",
            "NBCI_MAX_RUNS_PER_REPOSITORY": "0",
        }
    )

    names = {line.partition(":")[0] for line in told}
    assert names == {
        "NBCI_GITHUB_APP_ID",
        "NBCI_GITHUB_PRIVATE_KEY",
        "NBCI_WEBHOOK_SECRET",
        "NBCI_PUBLIC_URL",
        "NBCI_MAX_RUNS_PER_REPOSITORY",
    }


@pytest.mark.parametrize("secret", ["", " ", "\t\n"])
def test_an_empty_webhook_secret_is_refused(secret):
    (told,) = problems({**ENOUGH, "NBCI_WEBHOOK_SECRET": secret})

    assert told.startswith("NBCI_WEBHOOK_SECRET: ")


def test_this_machine_executes_nothing_of_others_unless_its_operator_says_so():
    (told,) = problems({**ENOUGH, "NBCI_ALLOW_LOCAL_BACKEND": "false"})

    assert told.startswith("NBCI_ALLOW_LOCAL_BACKEND: must be true")


def test_a_secret_can_be_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    environ = {name: value for name, value in ENOUGH.items() if name != "NBCI_WEBHOOK_SECRET"}

    settings = load_settings(
        {**environ, "NBCI_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")}, NO_FILE
    )

    assert settings.webhook_secrets == (b"from the file",)


def test_a_secret_that_is_given_twice_is_a_mistake(tmp_path):
    (tmp_path / "secret").write_text("other")

    (told,) = problems({**ENOUGH, "NBCI_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")})

    assert "one of them must go" in told


@pytest.mark.parametrize("name", ["DATABASE_URL", "NBCI_GITHUB_PRIVATE_KEY"])
def test_a_file_that_is_not_there_is_named_and_its_setting_not_called_wrong_too(name):
    environ = {key: value for key, value in ENOUGH.items() if key != name}

    told = problems({**environ, f"{name}_FILE": "/nonexistent/it"})

    assert told == [f"{name}_FILE: /nonexistent/it cannot be read: No such file or directory"]


@pytest.mark.parametrize("key", [PEM, PEM.replace("\n", "\\n")])
def test_the_private_key_is_text_or_in_a_file(tmp_path, key):
    (tmp_path / "key.pem").write_text(PEM)
    given = {**ENOUGH, "NBCI_GITHUB_PRIVATE_KEY": key}

    from_text = load_settings(given, NO_FILE)
    from_path = load_settings(
        {**ENOUGH, "NBCI_GITHUB_PRIVATE_KEY": str(tmp_path / "key.pem")}, NO_FILE
    )

    assert from_text.github_private_key.get_secret_value() == PEM
    assert from_path.github_private_key.get_secret_value() == PEM


@pytest.mark.parametrize("name", ["NBCI_PUBLIC_URL", "NBCI_GITHUB_API_URL"])
@pytest.mark.parametrize(
    "url",
    ["https://nbci example", "https://nbci:99999", "https://[::1"],
)
def test_an_address_that_nothing_can_be_reached_at_is_refused(name, url):
    (told,) = problems({**ENOUGH, name: url})

    assert told.startswith(f"{name}: must be a URL that begins with https://")


def test_a_private_key_without_its_first_line_is_refused_and_not_repeated():
    key = "MIIEowIBAAKCAQEA" + "k3y" * 500

    (told,) = problems({**ENOUGH, "NBCI_GITHUB_PRIVATE_KEY": key})

    assert told.startswith("NBCI_GITHUB_PRIVATE_KEY: is neither a PEM")
    assert "k3y" not in told


def test_a_file_without_a_private_key_is_refused(tmp_path):
    (tmp_path / "key.pem").write_text("-----BEGIN CERTIFICATE-----")

    (told,) = problems({**ENOUGH, "NBCI_GITHUB_PRIVATE_KEY": str(tmp_path / "key.pem")})

    assert "holds no private key" in told


@pytest.mark.parametrize(
    "url", ["mysql://nbci:pa55word@db/nbci", "postgresql://nbci:pa55word@[db/nbci", "pa55word"]
)
def test_a_database_that_cannot_be_meant_is_refused_and_its_password_not_repeated(url):
    (told,) = problems({**ENOUGH, "DATABASE_URL": url})

    assert told == "DATABASE_URL: must be like postgresql://USER:PASSWORD@HOST/DATABASE"


def test_the_password_of_the_database_is_a_secret_by_itself():
    settings = load_settings({**ENOUGH, "DATABASE_URL": "postgresql://u:pa%40ss@h/d"}, NO_FILE)

    assert "pa@ss" in settings.secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [("NBCI_RETENTION_DAYS", "inf"), ("NBCI_MAX_RUNS_PER_DAY", "99999999999999999999")],
)
def test_a_number_that_no_database_can_hold_is_refused(name, value):
    (told,) = problems({**ENOUGH, name: value})

    assert told.startswith(f"{name}: ")


def test_the_environment_goes_before_the_file(tmp_path):
    (tmp_path / ".env").write_text("NBCI_LOG_LEVEL=debug\nNBCI_JOBS=3\n")

    settings = load_settings({**ENOUGH, "NBCI_LOG_LEVEL": "ERROR"}, tmp_path / ".env")

    assert (settings.log_level, settings.jobs) == ("error", 3)


def test_a_name_that_is_none_is_told_with_the_one_that_was_meant(caplog):
    load_settings({**ENOUGH, "NBCI_BCKEND": "local"}, NO_FILE)

    assert "NBCI_BCKEND is no setting of nbci; NBCI_BACKEND is one" in caplog.text


def test_secrets_do_not_show():
    settings = load_settings({**ENOUGH, "DATABASE_URL": "postgresql://u:pa55@h/d"}, NO_FILE)

    shown = f"{settings!r} {settings}"
    assert not any(secret in shown for secret in ("s3cret", "pa55", "AAAA"))


def test_files_with_secrets_that_everybody_can_read_are_told(tmp_path):
    names = {"key.pem": 0o644, "webhook": 0o604, "closed": 0o640, ".env": 0o644}
    for name, mode in names.items():
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    environ = {
        "NBCI_GITHUB_PRIVATE_KEY": str(tmp_path / "key.pem"),
        "NBCI_WEBHOOK_SECRET_FILE": str(tmp_path / "webhook"),
        "DATABASE_URL_FILE": str(tmp_path / "closed"),
    }

    found = open_files(environ, tmp_path / ".env")

    assert {path.name for path in found} == {".env", "key.pem", "webhook"}


def test_a_start_warns_of_a_file_that_everybody_can_read(tmp_path):
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "secret").chmod(0o644)
    environ = {name: text for name, text in os.environ.items() if not name.startswith("NBCI_")}
    given = {**ENOUGH, "NBCI_WEBHOOK_SECRET_FILE": str(tmp_path / "secret"), "NBCI_BCKEND": "x"}
    del given["NBCI_WEBHOOK_SECRET"]

    done = subprocess.run(
        [sys.executable, "-m", "bot", "migrate"],
        cwd=tmp_path,
        env=environ | given | {"DATABASE_URL": f"host={tmp_path} dbname=nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )

    warned = [json.loads(line)["event"] for line in done.stderr.splitlines() if line[:1] == "{"]
    assert warned[:2] == [
        "NBCI_BCKEND is no setting of nbci; NBCI_BACKEND is one",
        f"{tmp_path / 'secret'} holds a secret and can be read by everybody here: chmod 600",
    ]
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "web", "worker", "migrate"])
def test_a_process_with_wrong_settings_says_so_and_ends(tmp_path, command):
    environ = {name: text for name, text in os.environ.items() if not name.startswith("NBCI_")}

    done = subprocess.run(
        [sys.executable, "-m", "bot", command],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "nbci: NBCI_WEBHOOK_SECRET: is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_each_setting_is_documented_and_nothing_else():
    page = (ROOT / "docs" / "configuration.md").read_text()
    told = set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", page))

    assert told == {variable(field) for field in Settings.model_fields}


def test_each_secret_is_documented_as_one():
    page = (ROOT / "docs" / "configuration.md").read_text()
    told = set(re.findall(r"(?m)^\| `([A-Z_]+)` \| secret", page))

    assert told == {variable(field) for field in SECRETS}


def documented() -> dict[str, str]:
    """Return what the page says in the second column, by the name of the setting."""
    page = (ROOT / "docs" / "configuration.md").read_text()
    return dict(re.findall(r"(?m)^\| `([A-Z_]+)` \| ([^|]+) \|", page))


def default_of(field: FieldInfo) -> str:
    """Return how the page is to say what a setting is where it is not given."""
    if field.is_required():
        return "required"
    if field.default is None or field.default == ():
        return "none"
    text = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
    return f"`{text.lower()}`"


def test_each_default_is_documented():
    # What depends on the machine is described in words.
    told = documented()
    wrong = {
        name: told[name]
        for field, about in Settings.model_fields.items()
        if field not in {"data_dir", "jobs"}
        if not told[name := variable(field)].endswith(default_of(about))
    }

    assert not wrong
