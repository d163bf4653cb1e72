from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from bot.model import Outcome, RunResult
from bot.service.codec import result_text
from bot.service.metrics import Metrics
from bot.service.pool import make_pool
from bot.service.web import Web

Numbers = dict[tuple[str, ...], float]


def numbers(client: FlaskClient) -> Numbers:
    """Return what /metrics says, by name and the values of the labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def busy(stored: Any) -> Any:
    """A database with something of everything."""
    stored.run(
        "INSERT INTO repositories (id, installation_id, full_name, default_branch, clone_url,"
        " private) VALUES (1, 42, 'octo/private-canary', 'main', 'https://canary', true)"
    )
    stored.run("INSERT INTO installations (id, account) VALUES (42, 'canary')")
    stored.run(
        "INSERT INTO reviews (repository_id, installation_id, ref, head_sha, cause, attempt,"
        " value, page_key) VALUES (1, 42, 'canary', '', 'canary', 1, 'canary', 'canary')"
    )
    outcomes = [*list(Outcome), Outcome.PASSED, None]
    results = [
        result_text(RunResult(outcome=outcome, message='"', log="x" * 10_000)) if outcome else ""
        for outcome in outcomes
    ]
    for number, (state, result) in enumerate(
        [("queued", ""), ("queued", ""), ("taken", ""), *[("ended", result) for result in results]]
    ):
        stored.run(
            "INSERT INTO runs (run_id, review_id, repository_id, installation_id, position,"
            " backend, value, state, result, queued_at)"
            " SELECT %s, max(id), 1, 42, 0, 'cloud', 'canary', %s, %s, now() - interval '1 minute'"
            " FROM reviews",
            f"nbci-{number}",
            state,
            result,
        )
    return stored


def test_what_waits_is_counted_and_how_long(github: Any, stored: Any) -> None:
    github.send()
    github.send()
    stored.run("UPDATE deliveries SET received_at = now() - interval '5 minutes'")
    stored.run("UPDATE procrastinate_events SET at = now() - interval '5 minutes'")

    said = numbers(github.client)

    assert said["nbci_deliveries", "waiting"] == 2
    assert said["nbci_queue_jobs", "todo", "take_delivery"] == 2
    assert 300 <= said["nbci_delivery_age_seconds",] < 400
    assert 300 <= said["nbci_queue_age_seconds",] < 400
    assert said["nbci_workers",] == 0
    assert said["nbci_database_up",] == 1


def test_runs_are_counted_by_state_and_outcome(client: FlaskClient, busy: Any) -> None:
    said = numbers(client)

    assert said["nbci_runs", "queued"] == 2
    assert said["nbci_runs", "taken"] == 1
    assert said["nbci_runs_ended", "passed"] == 2
    assert said["nbci_runs_ended", "cancelled"] == 2  # one of them was never started
    assert all(said["nbci_runs_ended", outcome.value] for outcome in Outcome)
    assert 60 <= said["nbci_run_age_seconds",] < 120
    assert said["nbci_reviews_open",] == 1


def test_an_empty_database_has_numbers_too(client: FlaskClient) -> None:
    said = numbers(client)

    assert said["nbci_queue_age_seconds",] == said["nbci_run_age_seconds",] == 0
    assert said["nbci_reviews_open",] == 0


def test_what_is_left_of_githubs_limits_is_told(client: FlaskClient, stored: Any) -> None:
    for seconds, writes in ((5, 20), (300, 100), (5000, 1000)):
        stored.run(
            "INSERT INTO github_writes VALUES (42, now() - make_interval(secs => %s), %s)",
            seconds,
            writes,
        )

    said = numbers(client)

    assert said["nbci_github_writes", "42", "60"] == 20
    assert said["nbci_github_writes", "42", "3600"] == 120
    assert said["nbci_github_writes_left", "42", "60"] == 75 - 20
    assert said["nbci_github_writes_left", "42", "3600"] == 480 - 120


def test_no_names_and_no_links_are_told(client: FlaskClient, busy: Any) -> None:
    assert "canary" not in client.get("/metrics").text


def test_without_a_database_the_process_speaks_for_itself(unstored: Any) -> None:
    said = numbers(unstored.client)

    assert said["nbci_database_up",] == 0
    assert said["process_resident_memory_bytes",] > 0


def read_by_telemetry(database: str, folder: Path) -> Numbers:
    """Return what OpenTelemetry is given, by name and the values of the labels."""
    pool = make_pool(database, 1)
    web = Web(pool=pool, secrets=(b"secret",), reports=folder, version="1")
    found = {
        (name, *labels.values()): value
        for name, values in Metrics(web).read().items()
        for value, labels in values
    }
    pool.close()
    return found


def test_opentelemetry_is_given_the_same_numbers(
    client: FlaskClient, busy: Any, database: str, tmp_path: Path
) -> None:
    busy.run("INSERT INTO github_writes VALUES (42, now(), 20)")

    given = read_by_telemetry(database, tmp_path)

    ages = {"nbci_run_age_seconds"}
    said = {
        key: value
        for key, value in numbers(client).items()
        if key[0].startswith("nbci_") and key[0] not in {"nbci_info", "nbci_database_up", *ages}
    }
    assert {key: value for key, value in given.items() if key[0] not in ages} == said
    assert given["nbci_runs", "queued"] == 2


def test_opentelemetry_is_given_no_numbers_of_a_database_that_is_away(tmp_path: Path) -> None:
    assert read_by_telemetry(f"host={tmp_path} dbname=nowhere", tmp_path) == {}
