"""An app on the fake GitHub: what it must sign, what its tokens may do, and its webhooks."""

from __future__ import annotations

import time

import jwt
import pytest
from fakes.github.installing import InstalledApp


@pytest.fixture
def app(fake, repo) -> InstalledApp:
    return fake.install_app("nbci", repo)


@pytest.fixture
def installation(app):
    return next(iter(app.installations.values()))


def signed(app: InstalledApp, *, issued: float = -60, ends: float = 480, pem: str = "") -> str:
    now = int(time.time())
    claims = {"iat": now + issued, "exp": now + ends, "iss": str(app.app.id)}
    return jwt.encode(claims, pem or app.pem, algorithm="RS256")


def minted(raw, app, installation, **wanted):
    path = f"/app/installations/{installation.id}/access_tokens"
    return raw.ask("POST", path, token=signed(app), json=wanted)


def test_an_app_that_signs_as_it_must_is_told_who_it_is(raw, app):
    answer = raw.ask("GET", "/app", token=signed(app))

    assert (answer.status_code, answer.json()["slug"]) == (200, "nbci")


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"issued": 60}, "'Issued at' claim"),
        ({"ends": 660}, "too far in the future"),
        ({"issued": -600, "ends": -60}, "must be a numeric value in future"),
    ],
)
def test_a_signature_of_another_time_is_refused(raw, app, times, message):
    answer = raw.ask("GET", "/app", token=signed(app, **times))

    assert answer.status_code == 401
    assert message in answer.json()["message"]


def test_a_signature_of_another_key_is_refused(fake, raw, app):
    answer = raw.ask("GET", "/app", token=signed(app, pem=fake.make_app("other").pem))

    assert answer.status_code == 401


def test_a_token_does_only_what_it_was_asked_for(raw, app, installation, repo, pull):
    made = minted(raw, app, installation, repository_ids=[repo.id], permissions={"checks": "read"})

    answer = raw.ask(
        "POST",
        "/repos/octo/demo/check-runs",
        token=made.json()["token"],
        json={"name": "n", "head_sha": pull.head_sha},
    )

    assert answer.status_code == 403
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "checks=write"


@pytest.mark.parametrize(
    "wanted", [{"repository_ids": [1]}, {"permissions": {"contents": "write"}}]
)
def test_no_token_is_made_for_what_the_installation_does_not_have(raw, app, installation, wanted):
    assert minted(raw, app, installation, **wanted).status_code == 422


@pytest.mark.parametrize("end", ["suspended", "removed"])
def test_tokens_end_with_their_installation(raw, app, installation, end):
    token = minted(raw, app, installation).json()["token"]
    setattr(installation, end, True)

    assert raw.ask("GET", "/installation/repositories", token=token).status_code == 401
    assert minted(raw, app, installation).status_code == (403 if end == "suspended" else 404)


def test_a_webhook_that_nobody_takes_is_listed_and_sent_again_under_its_id(fake, raw, app):
    app.url = "http://127.0.0.1:1/webhook"
    assert app.deliver("ping", {}, guid="a") == 0
    (first,) = raw.ask("GET", "/app/hook/deliveries", token=signed(app)).json()

    path = f"/app/hook/deliveries/{first['id']}/attempts"
    assert raw.ask("POST", path, token=signed(app)).status_code == 202
    fake.stop_acts()

    newest, oldest = raw.ask("GET", "/app/hook/deliveries", token=signed(app)).json()
    assert (newest["guid"], newest["redelivery"]) == ("a", True)
    assert (oldest["guid"], oldest["redelivery"]) == ("a", False)


def test_a_manifest_is_turned_into_an_app_once(fake, raw):
    code = fake.take_manifest(
        '{"name": "New App", "hook_attributes": {"url": "https://nbci.example.org/webhook"},'
        ' "default_permissions": {"checks": "write"}, "default_events": ["check_run"]}'
    )

    made = raw.ask("POST", f"/app-manifests/{code}/conversions")

    assert (made.status_code, made.json()["slug"]) == (201, "new-app")
    assert "BEGIN" in made.json()["pem"]
    assert raw.ask("POST", f"/app-manifests/{code}/conversions").status_code == 404
