from __future__ import annotations

import hashlib
import hmac
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from fakes.github import event_names, payloads
from flask import Flask
from service.web.sending import Database, Sender

from bot.errors import UsageError
from bot.service.app import create_app
from bot.service.embedded import ensure_database
from bot.service.migrations.migrate import migrate
from bot.service.pool import make_pool
from bot.service.web import Web
from bot.service.webhooks import LARGEST_BODY

DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
OPENED = {"action": "opened", "number": 7}


def digest(body: bytes, secret: bytes = b"new secret") -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_a_signed_delivery_is_stored_with_its_job_and_accepted(github: Any, stored: Any) -> None:
    body = b'{ "number" : 7,  "action":"opened", "title":"\\u00e9\\u0000" }'

    answer = github.send(body, delivery=DELIVERY)

    assert (answer.status_code, answer.json) == (202, {"status": "accepted", "delivery": DELIVERY})
    assert stored.deliveries == [
        {"id": DELIVERY, "event": "pull_request", "payload": body, "state": "waiting"}
    ]
    assert stored.jobs == [
        {"task_name": "take_delivery", "args": {"delivery": DELIVERY}, "lock": None}
    ]


def test_the_example_of_githubs_documentation_is_verified(database: str, tmp_path: Path) -> None:
    pool = make_pool(database, 1)
    secret = b"It's a Secret to Everybody"
    web = Web(pool=pool, secrets=(secret,), reports=tmp_path, version="1")
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    answer = (
        create_app(web)
        .test_client()
        .post(
            "/webhook",
            data=b"Hello, World!",
            headers={"X-Hub-Signature-256": signature, "Content-Type": "application/json"},
        )
    )
    pool.close()

    assert answer.status_code == 400  # past the signature: it is the content that is wrong


def test_the_old_secret_is_good_while_the_secret_is_being_changed(github: Any) -> None:
    assert github.send(secret=b"old secret").status_code == 202
    assert github.send(secret=b"older secret").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": None},
        {"X-Hub-Signature-256": None, "X-Hub-Signature": "sha1=" + "0" * 40},
    ],
)
def test_an_unsigned_delivery_is_refused(unstored: Any, headers: Any) -> None:
    answer = unstored.send(b"not even JSON", headers=headers)

    assert (answer.status_code, answer.json) == (401, {"error": "missing X-Hub-Signature-256"})


@pytest.mark.parametrize(
    "said",
    [
        "",
        "sha256=",
        digest(b"{}"),
        f"sha1={digest(b'{}')}",
        f"sha256={digest(b'{}')[:-1]}",
        f"sha256={digest(b'{}')}0",
        f"sha256={digest(b'{}').upper()}",
        f"SHA256={digest(b'{}')}",
        f"sha256={digest(b'{}')} ",
        f" sha256={digest(b'{}')}",
        f"sha256= {digest(b'{}')}",
        f"sha256={digest(b'{}')},sha256={digest(b'{}')}",
        f"sha256={digest(b'{}', b'')}",
        f"sha256={digest(b'{}', b'another secret')}",
        f"sha256={int(digest(b'{}'), 16) ^ 1:064x}",
        "sha256=\xe9\xff" + "0" * 62,
    ],
)
def test_a_wrong_signature_is_refused_and_says_nothing(
    unstored: Any, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    caplog.set_level(logging.DEBUG)

    for event in ("pull_request", "ping", "installation", "unknown"):
        answer = unstored.send(b"{}", event=event, headers={"X-Hub-Signature-256": said})
        assert (answer.status_code, answer.json) == (401, {"error": "wrong X-Hub-Signature-256"})

    assert digest(b"{}") not in caplog.text.lower()


def test_what_is_signed_is_what_was_sent_not_what_it_means(unstored: Any) -> None:
    sent = b'{"action": "opened",  "number": 7}'
    same = json.dumps(json.loads(sent)).encode()

    answer = unstored.send(sent, headers={"X-Hub-Signature-256": f"sha256={digest(same)}"})

    assert answer.status_code == 401


def test_nothing_is_parsed_before_the_signature_is_good(unstored: Any) -> None:
    assert unstored.send(b"[" * 100_000, secret=b"wrong").status_code == 401


def test_a_delivery_sent_again_is_a_duplicate(github: Any, stored: Any) -> None:
    github.send(delivery=DELIVERY)

    again = github.send({"action": "closed"}, delivery=DELIVERY)

    assert (again.status_code, again.json) == (200, {"status": "duplicate", "delivery": DELIVERY})
    assert len(stored.deliveries) == len(stored.jobs) == 1


def test_of_one_delivery_sent_many_times_at_once_one_is_accepted(app: Flask, stored: Any) -> None:
    body = json.dumps(OPENED).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": DELIVERY,
        "X-Hub-Signature-256": f"sha256={digest(body)}",
    }

    def send(_: int) -> int:
        return app.test_client().post("/webhook", data=body, headers=headers).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(12)))

    assert sorted(answers) == [200] * 11 + [202]
    assert len(stored.deliveries) == len(stored.jobs) == 1


def test_one_that_could_not_be_dealt_with_gets_another_try(github: Any, stored: Any) -> None:
    github.send(delivery=DELIVERY)
    stored.run("UPDATE deliveries SET state = 'failed', attempts = 5, note = 'why'")

    assert github.send(delivery=DELIVERY).json["status"] == "accepted"
    assert [row["state"] for row in stored.deliveries] == ["waiting"]
    assert len(stored.jobs) == 2


@pytest.mark.parametrize("state", ["done", "ignored"])
def test_one_that_was_dealt_with_gets_no_other_try(github: Any, stored: Any, state: str) -> None:
    github.send(delivery=DELIVERY)
    stored.run("UPDATE deliveries SET state = %s", state)

    assert github.send(delivery=DELIVERY).json["status"] == "duplicate"
    assert len(stored.jobs) == 1


def test_every_event_of_github_is_accepted_or_ignored(github: Any, stored: Any) -> None:
    statuses: dict[tuple[str, str | None], set[tuple[int, str]]] = {}
    for name in event_names():
        for payload in payloads(name):
            answer = github.send(payload, event=name)
            key = (name, payload.get("action"))
            statuses.setdefault(key, set()).add((answer.status_code, answer.json["status"]))

    assert set().union(*statuses.values()) == {(202, "accepted"), (202, "ignored"), (200, "pong")}
    assert statuses["pull_request", "opened"] == {(202, "accepted")}
    assert statuses["pull_request", "labeled"] == {(202, "ignored")}
    assert statuses["push", None] == {(202, "ignored")}
    assert statuses["installation", "suspend"] == {(202, "accepted")}
    accepted = sum((202, "accepted") in found for found in statuses.values())
    assert accepted <= len(stored.deliveries)


@pytest.mark.parametrize("action", [None, 1, ["opened"], {}, "", "OPENED", "unheard-of"])
def test_an_action_that_nobody_acts_on_is_ignored(unstored: Any, action: Any) -> None:
    answer = unstored.send({"action": action})

    assert (answer.status_code, answer.json) == (202, {"status": "ignored"})


def test_a_ping_is_answered(unstored: Any) -> None:
    answer = unstored.send({"zen": "Keep it logically awesome."}, event="ping")

    assert (answer.status_code, answer.json) == (200, {"status": "pong"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b"[]",
        b'"text"',
        b"{",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"action": "opened"}',
        '{"action": "opened"}'.encode("utf-16"),
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b"payload=%7B%7D",
    ],
)
def test_a_malformed_body_is_refused_in_words(unstored: Any, body: bytes) -> None:
    answer = unstored.send(body)

    assert answer.status_code == 400
    assert answer.json["error"].startswith("malformed body: ")


@pytest.mark.parametrize(
    ("delivery", "event", "error"),
    [
        (None, "pull_request", "missing X-GitHub-Delivery"),
        (" ", "pull_request", "malformed X-GitHub-Delivery: expected a GUID"),
        ("a b", "pull_request", "malformed X-GitHub-Delivery: expected a GUID"),
        (f"{DELIVERY},{DELIVERY}", "ping", "malformed X-GitHub-Delivery: expected a GUID"),
        ("a" * 101, "pull_request", "malformed X-GitHub-Delivery: expected a GUID"),
        ("\xe9", "pull_request", "malformed X-GitHub-Delivery: expected a GUID"),
        (DELIVERY, None, "missing X-GitHub-Event"),
    ],
)
def test_headers_that_github_always_sends_are_asked_for(
    unstored: Any, delivery: str | None, event: str | None, error: str
) -> None:
    answer = unstored.send(delivery=delivery, event=event)

    assert (answer.status_code, answer.json) == (400, {"error": error})


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": None},
        {"Content-Encoding": "gzip"},
    ],
)
def test_other_content_types_are_refused(unstored: Any, headers: Any) -> None:
    answer = unstored.send(headers=headers)

    assert answer.status_code == 415


def test_a_form_is_told_how_to_mend_it(unstored: Any) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    error = unstored.send(b"payload=%7B%7D", headers=form).json["error"]

    assert "set the webhook's content type to application/json" in error


def test_the_content_type_may_name_its_charset(github: Any) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}

    assert github.send(headers=headers).status_code == 202


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(unstored: Any, method: str) -> None:
    answer = unstored.client.open("/webhook", method=method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_body_as_large_as_githubs_cap_is_accepted(github: Any) -> None:
    start, end = b'{"action": "opened", "padding": "', b'"}'
    body = start + b"a" * (LARGEST_BODY - len(start) - len(end)) + end

    assert github.send(body).status_code == 202


def test_a_larger_body_is_too_large_whoever_signed_it(unstored: Any) -> None:
    assert unstored.send(b" " * (LARGEST_BODY + 1)).status_code == 413


def test_what_could_not_be_committed_is_not_acknowledged(github: Any, stored: Any) -> None:
    stored.run("""
        CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'
    """)
    stored.run("""
        CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON deliveries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()
    """)

    lost = github.send(delivery=DELIVERY)
    stored.run("DROP TRIGGER cut ON deliveries")
    again = github.send(delivery=DELIVERY)

    assert (lost.status_code, lost.headers["Retry-After"]) == (503, "10")
    assert "server" not in lost.get_data(as_text=True)
    assert (again.status_code, again.json["status"]) == (202, "accepted")
    assert len(stored.deliveries) == len(stored.jobs) == 1


def test_a_job_that_cannot_be_queued_leaves_no_delivery_behind(github: Any, stored: Any) -> None:
    stored.run("""
        CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END$$
    """)
    stored.run("""
        CREATE TRIGGER no_space BEFORE INSERT ON procrastinate_jobs
        FOR EACH ROW EXECUTE FUNCTION no_space()
    """)

    assert github.send(delivery=DELIVERY).status_code == 503
    assert not stored.deliveries

    stored.run("DROP TRIGGER no_space ON procrastinate_jobs")
    assert github.send(delivery=DELIVERY).status_code == 202


def test_without_a_database_nothing_is_acknowledged(unstored: Any) -> None:
    answer = unstored.send()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("secrets", [(), (b"",), (b" \n",), (b"good", b"")])
def test_there_is_no_way_to_take_webhooks_unsigned(tmp_path: Path, secrets: Any) -> None:
    pool = make_pool(f"host={tmp_path}", 1)

    with pytest.raises(UsageError, match="NBCI_WEBHOOK_SECRET"):
        Web(pool=pool, secrets=secrets, reports=tmp_path, version="1")
    pool.close()


def test_secrets_are_not_in_the_repr(tmp_path: Path) -> None:
    pool = make_pool(f"host={tmp_path}", 1)

    shown = repr(Web(pool=pool, secrets=(b"canary",), reports=tmp_path, version="1"))
    pool.close()

    assert "canary" not in shown


def test_what_is_acknowledged_outlives_a_crash_of_the_database(open_path: Path) -> None:
    data = open_path / "data"
    dsn = ensure_database(data)
    migrate(dsn)
    pool = make_pool(dsn, 1)
    web = Web(pool=pool, secrets=(b"new secret",), reports=open_path, version="1")
    sender = Sender(create_app(web).test_client())
    sender.send()
    server = processes_of(data)

    answer = sender.send(delivery="last")
    for process in server:
        process.kill()
    pool.close()

    psutil.wait_procs(server, 20)
    ensure_database(data)
    assert answer.status_code == 202
    assert "last" in [row["id"] for row in Database(dsn).deliveries]
    assert {"delivery": "last"} in [row["args"] for row in Database(dsn).jobs]


def processes_of(data: Path) -> list[psutil.Process]:
    """Return the processes of the embedded PostgreSQL in *data*."""
    noted = data / "postgres" / "data" / "postmaster.pid"
    postmaster = psutil.Process(int(noted.read_text().partition("\n")[0]))
    return [postmaster, *postmaster.children()]
