from __future__ import annotations

import hashlib
import hmac
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from building.waiting import wait_until
from flask import Flask
from service.web.serving import Served, body_of, read_all, serving, status_of

from bot.errors import UsageError
from bot.service.web_server import serve_web
from bot.service.webhooks import LARGEST_BODY

BODY = b'{"action": "opened"}'


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Served]:
    with serving(database, tmp_path) as served:
        yield served


def head(*headers: str, delivery: str = "d-1", body: bytes = BODY) -> bytes:
    """Return the head of a webhook's request that is signed for *body*."""
    signature = hmac.new(b"new secret", body, hashlib.sha256).hexdigest()
    lines = [
        "POST /webhook HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "X-GitHub-Event: pull_request",
        f"X-GitHub-Delivery: {delivery}",
        f"X-Hub-Signature-256: sha256={signature}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def test_webhooks_are_taken_with_a_length_and_in_chunks(served: Served, stored: Any) -> None:
    length = f"Content-Length: {len(BODY)}"
    with_length = served.exchange(head(length, "Connection: close"), BODY)
    chunks = b"5\r\n" + BODY[:5] + b"\r\n" + f"{len(BODY) - 5:x}\r\n".encode() + BODY[5:]
    chunked = served.exchange(
        head("Transfer-Encoding: chunked", "Connection: close", delivery="d-2"),
        chunks + b"\r\n0\r\n\r\n",
    )

    assert (status_of(with_length), status_of(chunked)) == (202, 202)
    assert body_of(with_length) == {"status": "accepted", "delivery": "d-1"}
    assert [row["payload"] for row in stored.deliveries] == [BODY, BODY]


def test_too_much_is_refused_without_being_kept(served: Served, stored: Any) -> None:
    served.exchange(head(f"Content-Length: {len(BODY)}", "Connection: close"), BODY)
    before = served.memory
    megabyte = b"100000\r\n" + b" " * 0x100000 + b"\r\n"

    announced = served.exchange(head(f"Content-Length: {LARGEST_BODY + 1}", "Connection: close"))
    endless = served.exchange(head("Transfer-Encoding: chunked"), *[megabyte] * 40)
    huge = served.exchange(
        head("Transfer-Encoding: chunked"), b"40000000\r\n", *[b" " * 0x100000] * 40
    )

    assert [status_of(answer) for answer in (announced, endless, huge)] == [413] * 3
    assert served.memory - before < 4 * LARGEST_BODY
    assert len(stored.deliveries) == 1


def test_a_body_that_is_not_what_its_length_says_is_not_believed(
    served: Served, stored: Any
) -> None:
    with served.connect() as connection:
        connection.sendall(head("Content-Length: 1000") + BODY)
        connection.shutdown(socket.SHUT_WR)
        short = read_all(connection)
    longer = served.exchange(head("Content-Length: 5", "Connection: close"), BODY)
    wrong = [
        served.exchange(head("Content-Length: -1"), BODY),
        served.exchange(head("Content-Length: 5", "Content-Length: 20"), BODY),
        served.exchange(head("Content-Length: 20", "Transfer-Encoding: chunked"), BODY),
        served.exchange(head("Content-Length: 1e1"), BODY),
        served.exchange(head("Transfer-Encoding: chunked"), b"-5\r\n" + BODY),
        served.exchange(head("Transfer-Encoding: gzip, chunked"), b"zz\r\n"),
    ]

    assert status_of(short) == 400
    assert status_of(longer) == 401
    assert {status_of(answer) // 100 for answer in wrong} <= {4}
    assert not stored.deliveries


def test_a_signature_that_is_sent_twice_is_none(served: Served) -> None:
    signature = hmac.new(b"new secret", BODY, hashlib.sha256).hexdigest()
    again = f"X-Hub-Signature-256: sha256={signature}"

    answer = served.exchange(head(again, f"Content-Length: {len(BODY)}", "Connection: close"), BODY)

    assert status_of(answer) == 401


def test_heads_beyond_measure_are_refused(served: Served) -> None:
    heads = [
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n",
        head("X-Long: " + "a" * 10_000),
        head(*[f"X-{number}: 1" for number in range(100)]),
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\r\n\r\n",
    ]

    assert {status_of(served.exchange(sent)) // 100 for sent in heads} == {4}


def test_slow_clients_are_dropped_and_hold_up_nobody(database: str, tmp_path: Path) -> None:
    with serving(database, tmp_path, patience=0.5) as served:
        slow = [served.connect() for _ in range(8)]
        for number, connection in enumerate(slow):
            connection.sendall(head("Content-Length: 1000") if number % 2 else b"POST /web")
        drip(slow)

        answer = served.exchange(head(f"Content-Length: {len(BODY)}", "Connection: close"), BODY)

    assert status_of(answer) == 202
    assert "Traceback" not in served.log.read_text()


def drip(connections: list[socket.socket]) -> None:
    """Send a byte now and then on each connection until the server has dropped it."""
    end = time.monotonic() + 20
    while connections and time.monotonic() < end:
        time.sleep(0.05)
        for connection in list(connections):
            try:
                connection.sendall(b"a")
            except ConnectionError:
                connection.close()
                connections.remove(connection)
    assert not connections


def test_what_is_being_answered_is_answered_before_the_end(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(head(f"Content-Length: {len(BODY)}") + BODY[:5])
        wait_until_read(connection, served)
        served.process.send_signal(signal.SIGTERM)
        connection.sendall(BODY[5:])

        assert status_of(connection.recv(65536)) == 202
    assert served.process.wait(20) == 0


def wait_until_read(connection: socket.socket, served: Served) -> None:
    """Return once the server has read what was sent."""
    [worker] = psutil.Process(served.process.pid).children()
    ours = connection.getsockname()
    wait_until(
        lambda: any(found.raddr == ours for found in worker.net_connections("tcp4")),
        "the server to accept the connection",
    )


def test_a_process_whose_parent_was_killed_ends(served: Served) -> None:
    [worker] = psutil.Process(served.process.pid).children()

    served.process.kill()

    worker.wait(20)


def test_the_log_names_no_token_no_key_and_no_query(served: Served) -> None:
    for path in (
        "/reports/canary-key-canary-key-canary/index.html?canary=1",
        "/healthz?token=canary",
        "/runs/nbci-1/events?token=canary",
        "/%0aInjected:canaryless",
    ):
        request = f"GET {path} HTTP/1.1\r\nHost: canary\r\nAuthorization: Bearer canary\r\n"
        served.exchange(request.encode() + b"Connection: close\r\n\r\n")
    served.stop()

    log = served.log.read_text()
    assert "canary-key" not in log
    assert "canary" not in log.replace("canaryless", "")
    assert "token" not in log
    assert "GET /reports/.../index.html 404" in log
    assert "\nInjected" not in log


def test_a_port_that_is_taken_is_the_callers_to_mend() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(UsageError, match=f"--host 127.0.0.1 --port {port}: .*in use"):
            serve_web(lambda: Flask("none"), host="127.0.0.1", port=port)


@pytest.mark.parametrize(
    ("host", "port"), [("203.0.113.1", 0), ("", 70_000), ("::::", 0), ("127.0.0.1", -1)]
)
def test_an_address_that_is_none_is_the_callers_to_mend(host: str, port: int) -> None:
    with pytest.raises(UsageError, match="it is not possible to listen there"):
        serve_web(lambda: Flask("none"), host=host, port=port)


def test_the_web_imports_nothing_that_it_does_not_need() -> None:
    listed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, bot.service.app, bot.service.web_server; print(*sys.modules, sep='\\n')",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    loaded = {name.partition(".")[0] for name in listed.stdout.split()}
    loaded |= set(listed.stdout.split())

    assert "psycopg" in loaded
    assert not loaded & {
        "alembic",
        "azure",
        "azureml",
        "bot.forges",
        "bot.notebooks",
        "github",
        "opentelemetry",
        "procrastinate",
        "prometheus_client",
        "pydantic",
        "requests",
        "sqlalchemy",
        "zmq",
    }
