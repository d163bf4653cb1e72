from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

CANNOT = """
    CREATE FUNCTION cannot() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'cannot' USING ERRCODE = '{}'; END$$
"""


def test_a_process_that_lives_says_which_version_it_is(client: FlaskClient) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "alive", "version": "1.2.3"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_process_lives_without_its_database(unstored: Any) -> None:
    unstored.send()

    assert unstored.client.get("/healthz").status_code == 200


@pytest.mark.parametrize("code", ["53100", "53200", "25006"])
def test_a_database_that_is_full_is_told_until_it_is_not(
    github: Any, stored: Any, code: str
) -> None:
    stored.run(CANNOT.format(code))
    stored.run(
        "CREATE TRIGGER cannot BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION cannot()"
    )
    refused = github.send()

    full = github.client.get("/healthz")
    still = github.client.get("/healthz")
    stored.run("DROP TRIGGER cannot ON deliveries")
    again = github.client.get("/healthz")

    assert refused.status_code == full.status_code == still.status_code == 503
    assert full.json["problem"] == "the database cannot store anything"
    assert again.status_code == 200
    assert not stored.deliveries


def test_a_bot_with_a_worker_is_ready(client: FlaskClient, stored: Any) -> None:
    stored.run("INSERT INTO procrastinate_workers DEFAULT VALUES")

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "database": "ok", "schema": "ok", "queue": "ok"}


def test_without_a_living_worker_the_queue_is_not_ready(client: FlaskClient, stored: Any) -> None:
    stored.run(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '2 minutes')"
    )

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json["queue"] == "no worker has shown a sign of life for 60 s"
    assert answer.json["database"] == answer.json["schema"] == "ok"


def test_a_database_without_tables_is_not_ready(client: FlaskClient, stored: Any) -> None:
    stored.run("DROP TABLE alembic_version")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "nbci migrate" in answer.json["schema"]


def test_a_database_that_is_away_is_not_ready_and_says_nothing_of_itself(unstored: Any) -> None:
    answer = unstored.client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json == {
        "status": "not ready",
        "database": "it cannot be reached, or not be used",
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_is_only_asked_for(client: FlaskClient, path: str) -> None:
    assert client.post(path).status_code == 405
    assert client.head(path).data == b""


def test_there_is_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/")

    assert (answer.status_code, answer.content_type) == (404, "application/json")
    assert answer.headers["Content-Security-Policy"]
