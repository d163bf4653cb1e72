"""`nbci doctor` where the bot is set up: on a real database, against the tests' GitHub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from building.repositories import make_repository
from fakes.github import GitHub
from fakes.github.installing import Delivered, Installation, InstalledApp

from bot.cli.doctor_bot import bot_findings
from bot.cli.findings import Finding

CLEAN = {name: text for name, text in os.environ.items() if not name.startswith("NBCI_")}


@pytest.fixture(scope="module")
def github(tmp_path_factory) -> Iterator[GitHub]:
    with GitHub() as made:
        git = make_repository(tmp_path_factory.mktemp("git") / "git")
        git.write("a.ipynb", ["1"])
        git.commit()
        made.add_repository("octo/science", git)
        yield made
        assert not made.violations


@dataclass
class Deployment:
    """The bot as it is set up: an App of its own, and the settings that lead to it."""

    github: GitHub
    app: InstalledApp
    environ: dict[str, str]
    folder: Path

    @property
    def installation(self) -> Installation:
        return next(iter(self.app.installations.values()))

    @property
    def dotenv(self) -> Path:
        return self.folder / ".env"

    def findings(self) -> list[Finding]:
        return list(bot_findings(self.environ, self.dotenv))

    def about(self, subject: str) -> Finding:
        found = [one for one in self.findings() if one.subject == subject]
        assert len(found) == 1, found
        return found[0]

    def delivered(self, status: int, guid: str = "a") -> None:
        self.app.deliveries.append(
            Delivered(
                id=self.github.new_id("delivery"),
                guid=guid,
                event="ping",
                payload={},
                status=status,
                delivered_at=self.github.now(),
            )
        )


@pytest.fixture
def deployment(github: GitHub, database: str, tmp_path: Path) -> Iterator[Deployment]:
    app = github.install_app(f"nbci-{len(github.apps)}", github.repositories["octo/science"])
    app.url = "https://nbci.example.org/webhook"
    environ = {
        "NBCI_GITHUB_APP_ID": str(app.app.id),
        "NBCI_GITHUB_PRIVATE_KEY": app.pem,
        "NBCI_WEBHOOK_SECRET": app.secret,
        "NBCI_GITHUB_API_URL": github.api_url,
        "NBCI_PUBLIC_URL": "https://nbci.example.org",
        "NBCI_DATA_DIR": str(tmp_path / "data"),
        "NBCI_ALLOW_LOCAL_BACKEND": "true",
        "DATABASE_URL": database,
    }
    yield Deployment(github, app, environ, tmp_path)
    github.clock_ahead = 0.0


def doctor(folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "doctor"],
        cwd=folder,
        env=CLEAN | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_deployment_without_a_fault_passes_and_shows_no_secret(deployment: Deployment):
    done = doctor(deployment.folder, deployment.environ)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    for subject in ("Settings: complete", "Schema: revision", "Permissions: as needed"):
        assert subject in done.stdout
    assert "octo/science" in done.stdout
    assert "Repository" not in done.stdout
    assert deployment.app.secret not in done.stdout + done.stderr
    assert "PRIVATE KEY-----" not in done.stdout + done.stderr


def test_what_is_missing_is_named_and_the_exit_code_says_so(tmp_path):
    (tmp_path / ".env").write_text("NBCI_GITHUB_APP_ID=seven\n")

    done = doctor(tmp_path, {})

    assert done.returncode == 1
    for name in ("NBCI_GITHUB_APP_ID", "NBCI_GITHUB_PRIVATE_KEY", "NBCI_WEBHOOK_SECRET"):
        assert f"✗ {name}: " in done.stdout
    assert "`nbci setup`" in done.stdout


def set_permissions(deployment: Deployment) -> None:
    deployment.app.permissions["checks"] = "read"


def set_events(deployment: Deployment) -> None:
    deployment.app.events = ("pull_request",)


def set_address(deployment: Deployment) -> None:
    deployment.app.url = "https://old.example.org/webhook"


def set_unsigned(deployment: Deployment) -> None:
    del deployment.app.webhook["secret"]


def set_form(deployment: Deployment) -> None:
    deployment.app.webhook["content_type"] = "form"


def set_no_address(deployment: Deployment) -> None:
    del deployment.environ["NBCI_PUBLIC_URL"]
    deployment.app.url = ""


def set_insecure(deployment: Deployment) -> None:
    deployment.app.webhook["insecure_ssl"] = "1"


def set_nowhere(deployment: Deployment) -> None:
    deployment.app.installations.clear()


def set_suspended(deployment: Deployment) -> None:
    deployment.installation.suspended = True


def set_not_agreed(deployment: Deployment) -> None:
    deployment.installation.permissions["checks"] = "read"


def set_empty(deployment: Deployment) -> None:
    deployment.installation.repositories.clear()


def set_clock(deployment: Deployment) -> None:
    deployment.github.clock_ahead = 3600.0


def set_other_key(deployment: Deployment) -> None:
    deployment.environ["NBCI_GITHUB_PRIVATE_KEY"] = deployment.github.make_app("other").pem


def set_no_key(deployment: Deployment) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"
    deployment.environ["NBCI_GITHUB_PRIVATE_KEY"] = key


def set_unknown_app(deployment: Deployment) -> None:
    deployment.environ["NBCI_GITHUB_APP_ID"] = "7"


Change = Callable[[Deployment], None]
AT_GITHUB: list[tuple[Change, str, bool, str, str]] = [
    (set_permissions, "Permissions", True, "lacks checks: write", "the App's settings"),
    (set_events, "Events", True, "check_run, check_suite, issue_comment", "the App's settings"),
    (set_address, "Webhook", True, "old.example.org", "https://nbci.example.org/webhook"),
    (set_no_address, "Webhook", True, "go nowhere", "the App's settings"),
    (set_unsigned, "Webhook", True, "not signed", "NBCI_WEBHOOK_SECRET"),
    (set_form, "Webhook", True, "as a form", "application/json"),
    (set_insecure, "Webhook", False, "certificate", "the App's settings"),
    (set_nowhere, "Installations", False, "none", "/installations/new"),
    (set_suspended, "Installation octo", False, "suspended", "http"),
    (set_not_agreed, "Installation octo", True, "not agreed to checks", "http"),
    (set_empty, "Installation octo", False, "no repository", "http"),
    (set_clock, "Clock", False, "s behind GitHub", "NTP"),
    (set_other_key, "GitHub App", True, "HTTP 401", "NBCI_GITHUB_PRIVATE_KEY"),
    (set_no_key, "GitHub App", True, "NBCI_GITHUB_PRIVATE_KEY", "new private key"),
    (set_unknown_app, "GitHub App", True, "HTTP 404", "NBCI_GITHUB_APP_ID"),
]


@pytest.mark.parametrize(("change", "subject", "is_fatal", "text", "advice"), AT_GITHUB)
def test_what_is_wrong_at_github_is_said_with_what_to_do(
    deployment: Deployment, change: Change, subject, is_fatal, text, advice
):
    change(deployment)

    found = deployment.about(subject)

    assert found.is_fatal is is_fatal
    assert text in found.text
    assert advice in (found.advice or "")


def test_a_github_that_does_not_answer_is_said_to_be_out_of_reach(deployment: Deployment):
    deployment.environ["NBCI_GITHUB_API_URL"] = "http://127.0.0.1:1"

    found = deployment.about("GitHub App")

    assert found.is_fatal
    assert "http://127.0.0.1:1 can be reached" in (found.advice or "")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (0, "can reach the webhook's address"),
        (401, "NBCI_WEBHOOK_SECRET"),
        (404, "passes on /webhook"),
        (413, "25 MB"),
        (503, "asked back"),
    ],
)
def test_webhooks_that_were_not_taken_are_told(deployment: Deployment, status, advice):
    deployment.delivered(status)
    deployment.delivered(status, "b")

    found = deployment.about("Deliveries")

    assert "2 webhooks" in found.text
    assert advice in (found.advice or "")


def test_webhooks_that_were_taken_after_all_are_none_of_these(deployment: Deployment):
    deployment.delivered(502)
    deployment.delivered(202)

    assert deployment.about("Deliveries") == Finding(
        "Deliveries", "none failed in the last day, 1 were taken"
    )


def test_a_database_that_is_away_is_told(deployment: Deployment):
    deployment.environ["DATABASE_URL"] = "postgresql://nbci:hunter2@127.0.0.1:1/nbci"

    found = deployment.about("Database")

    assert found.is_fatal
    assert "127.0.0.1" in found.text
    assert "hunter2" not in repr(found)


def test_an_address_that_is_none_is_not_repeated(deployment: Deployment):
    deployment.environ["DATABASE_URL"] = "the password is hunter2"

    found = deployment.about("DATABASE_URL")

    assert found.is_fatal
    assert "must be like postgresql://" in found.text
    assert "hunter2" not in repr(found)


def test_a_database_without_tables_is_told(deployment: Deployment, empty_database: str):
    deployment.environ["DATABASE_URL"] = empty_database

    found = deployment.about("Schema")

    assert found.is_fatal
    assert found.advice == "run `nbci migrate`"


def test_that_nobody_works_is_told(deployment: Deployment, database: str):
    assert "nbci worker" in (deployment.about("Workers").advice or "")

    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")

    assert deployment.about("Workers") == Finding("Workers", "1 at work")


def test_webhooks_that_wait_for_long_are_told(deployment: Deployment, database: str):
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO deliveries (id, event, payload, received_at)"
            " VALUES ('a', 'ping', '', now() - interval '1 hour')"
        )

    assert deployment.about("Webhooks").text.startswith("1 have waited")


def test_the_postgresql_that_comes_along_is_not_started_to_look_at_it(deployment: Deployment):
    del deployment.environ["DATABASE_URL"]

    found = deployment.about("Database")

    assert not found.is_fatal
    assert found.advice == "`nbci serve` starts it"
    assert not (deployment.folder / "data").exists()


def test_secrets_that_everybody_can_read_are_told(deployment: Deployment):
    key = deployment.folder / "key.pem"
    key.write_text(deployment.environ["NBCI_GITHUB_PRIVATE_KEY"])
    key.chmod(0o644)
    deployment.environ["NBCI_GITHUB_PRIVATE_KEY"] = str(key)
    deployment.dotenv.write_text("NBCI_LOG_LEVEL=info\n")
    deployment.dotenv.chmod(0o600)

    assert deployment.about("Secrets").advice == f"chmod 600 {key}"
    key.chmod(0o600)

    assert not [one for one in deployment.findings() if one.subject == "Secrets"]


def test_a_data_folder_that_cannot_be_written_to_is_told(deployment: Deployment):
    (deployment.folder / "file").touch()
    deployment.environ["NBCI_DATA_DIR"] = str(deployment.folder / "file" / "data")

    found = deployment.about("Data folder")

    assert found.is_fatal
    assert "NBCI_DATA_DIR" in (found.advice or "")


@pytest.mark.parametrize("url", ["", "http://nbci.example.org"])
def test_an_address_that_others_can_listen_to_or_none_is_told(deployment: Deployment, url):
    deployment.environ["NBCI_PUBLIC_URL"] = url

    found = deployment.about("Public address")

    assert not found.is_fatal
    assert found.advice
