from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.backends.base import Observation
from bot.model import Progress, RunState
from bot.service.callbacks import LARGEST_BODY, observation_of, progress_from
from bot.service.codec import observation_from, observation_text
from bot.service.run_tokens import new_token

EVENTS = [
    {"event": "started", "at": 0.0, "cells_total": 4},
    {"event": "cell_started", "at": 0.5, "cell": 1},
    {"event": "cell_finished", "at": 1.5, "cell": 1, "seconds": 1.0, "outcome": "passed"},
]


@dataclass
class Caller:
    """A run on a computer somewhere, with the token that it was given."""

    client: FlaskClient
    run_id: str
    token: str
    review_id: int

    def post(
        self,
        body: Any,
        *,
        run_id: str | None = None,
        headers: dict[str, str | None] | None = None,
        query: str = "",
    ) -> TestResponse:
        sent: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        sent |= headers or {}
        return self.client.post(
            f"/runs/{run_id or self.run_id}/events{query}",
            data=body if isinstance(body, bytes) else json.dumps(body),
            headers={name: value for name, value in sent.items() if value is not None},
        )

    def report(self, number: int, *events: dict[str, Any]) -> TestResponse:
        return self.post({"number": number, "events": list(events)})


@pytest.fixture
def taken(client: FlaskClient, stored: Any) -> Callable[[str], Caller]:
    """Makes a run that somebody has taken."""
    stored.run(
        "INSERT INTO repositories (id, installation_id, full_name, default_branch, clone_url,"
        " private) VALUES (1, 1, 'octo/science', 'main', '', false)"
    )

    def take(letter: str) -> Caller:
        run_id, token = "nbci-" + letter * 32, new_token()
        review_id = stored.rows("SELECT count(*) + 1 AS id FROM reviews")[0]["id"]
        stored.run(
            "INSERT INTO reviews (id, repository_id, installation_id, ref, head_sha, cause,"
            " attempt, value, page_key) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, 1, 1, '', '', %s, 1, '', '')",
            review_id,
            letter,
        )
        stored.run(
            "INSERT INTO runs (run_id, review_id, repository_id, installation_id, position,"
            " backend, value, state, generation, token_hash, token_until)"
            " VALUES (%s, %s, 1, 1, 0, 'cloud', '', 'taken', 1, %s, now() + interval '1 hour')",
            run_id,
            review_id,
            token.hash,
        )
        return Caller(client, run_id, token.text, review_id)

    return take


@pytest.fixture
def run(taken: Callable[[str], Caller]) -> Caller:
    return taken("a")


def seen(stored: Any) -> Observation:
    [row] = stored.rows("SELECT observation FROM runs WHERE run_id LIKE 'nbci-a%%'")
    return observation_from(row["observation"])


def test_events_are_noted_and_wake_the_review(run: Caller, stored: Any) -> None:
    answer = run.report(1, *EVENTS)

    assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
    assert seen(stored) == Observation(
        state=RunState.RUNNING, progress=Progress(cells_done=1, cells_total=4, seconds=1.5)
    )
    assert stored.jobs == [
        {
            "task_name": "advance",
            "args": {"review_id": run.review_id},
            "lock": f"review:{run.review_id}",
        }
    ]


def test_many_reports_are_one_job(run: Caller, stored: Any) -> None:
    for number in range(1, 5):
        run.report(number, {**EVENTS[2], "cell": number}, *EVENTS[:1])

    assert len(stored.jobs) == 1


def test_the_same_report_again_is_known_and_without_effect(run: Caller, stored: Any) -> None:
    run.report(2, *EVENTS)
    before = seen(stored)

    for number in (2, 1):
        again = run.report(number, *EVENTS)
        assert (again.status_code, again.json) == (200, {"status": "known"})
    assert seen(stored) == before


def test_numbers_may_have_gaps(run: Caller, stored: Any) -> None:
    run.report(1, *EVENTS)

    assert run.report(7, {**EVENTS[1], "cell": 3, "at": 9.0}).status_code == 202
    assert seen(stored).progress == Progress(cells_done=1, cells_total=4, cell=3, seconds=9.0)


def test_the_end_is_not_believed(run: Caller, stored: Any) -> None:
    done = [{**EVENTS[2], "cell": cell} for cell in range(1, 5)]

    run.report(1, EVENTS[0], *done, {"event": "ended", "outcome": "passed"})

    [row] = stored.rows("SELECT state, result FROM runs")
    assert row == {"state": "taken", "result": ""}
    assert seen(stored).state is RunState.RUNNING


def test_whatever_is_wrong_with_the_token_the_answer_is_the_same(
    run: Caller, taken: Callable[[str], Caller], stored: Any
) -> None:
    other, expired = taken("b"), taken("c")
    waiting, planned = taken("d"), taken("e")
    stored.run("UPDATE runs SET token_until = now() WHERE run_id = %s", expired.run_id)
    stored.run("UPDATE runs SET state = 'queued' WHERE run_id = %s", waiting.run_id)
    stored.run(
        "UPDATE runs SET state = 'planned', token_hash = NULL, token_until = NULL"
        " WHERE run_id = %s",
        planned.run_id,
    )
    body = {"number": 1, "events": EVENTS}
    wrong = [
        run.post(body, headers={"Authorization": None}),
        run.post(body, headers={"Authorization": ""}),
        run.post(body, headers={"Authorization": run.token}),
        run.post(body, headers={"Authorization": f"token {run.token}"}),
        run.post(body, headers={"Authorization": f"Basic {run.token}"}),
        run.post(body, headers={"Authorization": f"Bearer {run.token}, Bearer {run.token}"}),
        run.post(body, headers={"Authorization": f"Bearer {run.token[:-1]}"}),
        run.post(body, headers={"Authorization": f"Bearer {run.token.swapcase()}"}),
        run.post(body, headers={"Authorization": f"Bearer {other.token}"}),
        run.post(body, headers={"Authorization": None}, query=f"?token={run.token}"),
        run.post(body, run_id="nbci-" + "f" * 32),
        run.post(body, run_id="%00"),
        run.post(body, run_id="no%20run"),
        expired.post(body),
        waiting.post(body),
        planned.post(body),
    ]

    assert {answer.status_code for answer in wrong} == {401}
    assert len({answer.data for answer in wrong}) == 1
    assert len({tuple(answer.headers) for answer in wrong}) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in wrong} == {"Bearer"}
    assert stored.rows("SELECT DISTINCT observation, event_number FROM runs") == [
        {"observation": "", "event_number": 0}
    ]
    assert not stored.jobs


def test_after_the_end_a_report_is_in_vain(run: Caller, stored: Any) -> None:
    stored.run("UPDATE runs SET state = 'ended'")

    answer = run.report(1, *EVENTS)

    assert (answer.status_code, answer.json) == (409, {"error": "run already finished"})
    assert not stored.jobs


def test_the_token_of_an_earlier_taking_is_void(run: Caller, stored: Any) -> None:
    stored.run("UPDATE runs SET generation = 2, token_hash = %s", new_token().hash)

    assert run.report(1, *EVENTS).status_code == 401


def test_only_the_hash_of_a_token_is_kept(run: Caller, stored: Any) -> None:
    run.report(1, *EVENTS)

    everything = stored.rows("SELECT runs::text FROM runs") + stored.jobs
    assert run.token not in str(everything)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"number": 1, "events": [{"event": "started", "cells_total": NaN}]}', 422),
        (b'{"number": 1, "events": [{"event": "cell_started", "cell": 1, "at": 1e999}]}', 422),
        (b'{"number": "1", "events": []}', 422),
        (b'{"events": []}', 422),
        (b'{"number": 1, "events": {}}', 422),
        (b'{"number": 99999999999, "events": []}', 422),
        (b" " * (LARGEST_BODY + 1), 413),
    ],
)
def test_hostile_bodies_are_refused(run: Caller, stored: Any, body: bytes, status: int) -> None:
    answer = run.post(body)

    assert answer.status_code == status
    assert answer.json["error"]
    assert stored.rows("SELECT observation, event_number FROM runs") == [
        {"observation": "", "event_number": 0}
    ]


def test_a_hostile_body_is_not_parsed_without_a_token(run: Caller) -> None:
    no_token: dict[str, str | None] = {"Authorization": None}

    assert run.post(b"{", headers=no_token).status_code == 401
    assert run.post(b" " * (LARGEST_BODY + 1), headers=no_token).status_code == 413


def test_other_content_types_are_refused(run: Caller) -> None:
    assert run.post(b"{}", headers={"Content-Type": "text/plain"}).status_code == 415


def test_of_one_report_sent_many_times_at_once_one_is_accepted(
    run: Caller, app: Flask, stored: Any
) -> None:
    def report(_: int) -> int:
        return replace(run, client=app.test_client()).report(1, *EVENTS).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(report, range(8)))

    assert sorted(answers) == [200] * 7 + [202]
    assert seen(stored).progress.cells_done == 1


def test_what_was_not_noted_is_not_acknowledged(unstored: Any) -> None:
    caller = Caller(unstored.client, "nbci-" + "a" * 32, new_token().text, 1)

    answer = caller.report(1, *EVENTS)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_only_posts_are_allowed(run: Caller) -> None:
    for method in ("GET", "HEAD", "PUT", "OPTIONS"):
        answer = run.client.open(f"/runs/{run.run_id}/events", method=method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_the_codec_reads_what_the_web_writes_and_the_other_way_round() -> None:
    progress = Progress(cells_done=1, cells_total=4, cell=3, seconds=1.5)
    seen = Observation(state=RunState.RUNNING, progress=progress)

    assert observation_from(observation_of(progress)) == seen
    assert progress_from(observation_text(seen)) == progress
    assert progress_from("") == Progress()
    later = '{"state": "running", "progress": {"cells_done": 1, "added_later": 2}}'
    assert progress_from(later) == Progress(cells_done=1)
