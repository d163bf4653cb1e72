"""`nbci setup`, from the link in its log to the settings it keeps, against the tests' GitHub."""

from __future__ import annotations

import html
import json
import os
import re
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.github import GitHub

from bot.settings import load_settings

LINK = re.compile(r"Open (http://\S+)/setup\?token=(\S+)")


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as made:
        yield made
        assert not made.violations


class SetUp:
    """`nbci setup` as a process, with the link that it has printed."""

    def __init__(self, folder: Path, github: GitHub, *more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "bot", "setup", "--public-url", url, "--port", str(port)]
        self.process = subprocess.Popen(
            [*command, *more],
            cwd=folder,
            env={**os.environ, "NBCI_GITHUB_API_URL": github.api_url},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr
        found = LINK.match(self.process.stderr.readline())
        assert found
        self.url, self.token = found.groups()
        self.said = ""

    def get(self, path: str) -> tuple[int, str]:
        for _ in range(500):
            try:
                with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()
            except urllib.error.URLError:
                continue  # it does not listen yet
        raise AssertionError("nothing listens")

    def end(self) -> int:
        assert self.process.stderr
        code = self.process.wait(30)
        self.said += self.process.stderr.read()
        self.process.stderr.close()
        return code


@pytest.fixture
def started(tmp_path: Path, github: GitHub) -> Iterator[SetUp]:
    made = SetUp(tmp_path, github)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.end()


def form_of(page: str) -> tuple[str, str]:
    """Return where the page's form leads, and the manifest in it."""
    action = re.search(r'<form action="([^"]*)"', page)
    manifest = re.search(r'name="manifest" value="([^"]*)"', page)
    assert action
    assert manifest
    return html.unescape(action[1]), html.unescape(manifest[1])


def test_two_clicks_make_the_app_and_keep_its_settings(started: SetUp, github, tmp_path):
    (tmp_path / ".env").write_text("# mine\nNBCI_LOG_LEVEL=debug\n")
    status, page = started.get(f"/setup?token={started.token}")
    assert status == 200
    action, manifest = form_of(page)
    assert action.startswith(f"{github.server_url}/settings/apps/new?state=")
    code = github.take_manifest(manifest)

    status, page = started.get(f"/setup/done?code={code}&state={action.partition('state=')[2]}")

    assert status == 200
    assert "/installations/new" in page
    assert started.end() == 0
    env_file = tmp_path / ".env"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    (app,) = github.installed_apps.values()
    assert env_file.read_text().startswith("# mine\nNBCI_LOG_LEVEL=debug\n")
    settings = load_settings({"NBCI_ALLOW_LOCAL_BACKEND": "true"}, env_file)
    assert settings.github_app_id == app.app.id
    assert settings.github_private_key.get_secret_value().strip() == app.pem.strip()
    assert settings.webhook_secret.get_secret_value() == app.secret
    assert settings.public_url == started.url
    assert settings.github_api_url == github.api_url
    for secret in (code, app.secret, "PRIVATE KEY", "state="):
        assert secret not in started.said


def test_the_app_may_do_what_the_bot_needs_and_is_told_of_what_it_acts_on(started: SetUp):
    manifest = json.loads(form_of(started.get(f"/setup?token={started.token}")[1])[1])

    assert manifest["hook_attributes"]["url"] == f"{started.url}/webhook"
    assert manifest["public"] is False
    permissions = manifest["default_permissions"]
    assert permissions["checks"] == permissions["pull_requests"] == "write"
    assert permissions["contents"] == "read"
    assert {"pull_request", "issue_comment", "check_run"} <= {*manifest["default_events"]}


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=%00%ff"])
def test_nobody_begins_without_the_link_of_the_log(started: SetUp, query):
    status, page = started.get(f"/setup{query}")

    assert status == 403
    assert "manifest" not in page


def test_an_answer_to_what_was_not_begun_here_makes_nothing(started: SetUp, github, tmp_path):
    code = github.take_manifest(form_of(started.get(f"/setup?token={started.token}")[1])[1])

    assert started.get(f"/setup/done?code={code}&state=other")[0] == 403

    assert not github.installed_apps
    assert not (tmp_path / ".env").exists()


def test_a_code_that_github_does_not_know_can_be_tried_again(started: SetUp, github, tmp_path):
    action, manifest = form_of(started.get(f"/setup?token={started.token}")[1])
    state = action.partition("state=")[2]

    status, page = started.get(f"/setup/done?code=unknown&state={state}")

    assert (status, "Open the link again" in page) == (502, True)
    code = github.take_manifest(manifest)
    assert started.get(f"/setup/done?code={code}&state={state}")[0] == 200


def test_what_cannot_be_kept_is_not_lost(started: SetUp, github, tmp_path):
    action, manifest = form_of(started.get(f"/setup?token={started.token}")[1])
    code = github.take_manifest(manifest)
    done = f"/setup/done?code={code}&state={action.partition('state=')[2]}"
    (tmp_path / ".env.new").mkdir()

    assert started.get(done)[0] == 500
    (tmp_path / ".env.new").rmdir()

    assert started.get(done)[0] == 200
    assert started.end() == 0
    (app,) = github.installed_apps.values()
    assert app.secret in (tmp_path / ".env").read_text()


REFUSED = [
    ("NBCI_GITHUB_APP_ID=7\n", {}, "NBCI_GITHUB_APP_ID"),
    ("NBCI_WEBHOOK_SECRET_FILE=/run/secrets/webhook\n", {}, "NBCI_WEBHOOK_SECRET_FILE"),
    ("NBCI_PUBLIC_URL=https://other.example.org\n", {}, "NBCI_PUBLIC_URL"),
    ("", {"NBCI_GITHUB_PRIVATE_KEY": "key.pem"}, "NBCI_GITHUB_PRIVATE_KEY"),
    ("\N{LATIN SMALL LETTER E WITH ACUTE}".encode("latin-1"), {}, "cannot be read"),
]


@pytest.mark.parametrize(("there", "environment", "named"), REFUSED)
def test_what_is_there_is_not_replaced_by_mistake(tmp_path, there, environment, named):
    before = there if isinstance(there, bytes) else there.encode()
    (tmp_path / ".env").write_bytes(before)

    done = call(tmp_path, "--public-url", "https://nbci.example.org", **environment)

    assert done.returncode == 2
    assert named in done.stderr
    assert (tmp_path / ".env").read_bytes() == before


@pytest.mark.parametrize(
    "url", ["nbci.example.org", "ftp://nbci.example.org", "https://me:secret@nbci.example.org"]
)
def test_a_public_address_is_one_that_the_bot_takes(tmp_path, url):
    done = call(tmp_path, "--public-url", url)

    assert done.returncode == 2
    assert "https://nbci.example.org" in done.stderr


def call(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "setup", *options],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_app_can_be_put_in_the_place_of_one(tmp_path, github):
    (tmp_path / "settings").write_text(
        'NBCI_JOBS=3\nexport NBCI_GITHUB_PRIVATE_KEY="-----BEGIN\nof another\n-----END"\n'
        "NBCI_WEBHOOK_SECRET_FILE=/run/secrets/webhook\n# the end"
    )
    (tmp_path / ".env").symlink_to("settings")
    made = SetUp(tmp_path, github, "--force")
    action, manifest = form_of(made.get(f"/setup?token={made.token}")[1])
    code = github.take_manifest(manifest)

    made.get(f"/setup/done?code={code}&state={action.partition('state=')[2]}")

    assert made.end() == 0
    text = (tmp_path / "settings").read_text()
    assert text.startswith("NBCI_JOBS=3\n# the end\nNBCI_GITHUB_APP_ID=")
    assert "of another" not in text
    assert "SECRET_FILE" not in text
    assert (tmp_path / ".env").is_symlink()


def test_an_organisation_is_asked_for_the_app(tmp_path, github):
    made = SetUp(tmp_path, github, "--organization", "octo org")
    try:
        action, _ = form_of(made.get(f"/setup?token={made.token}")[1])
        assert "/organizations/octo%20org/settings/apps/new" in action
    finally:
        made.process.kill()
        made.end()
