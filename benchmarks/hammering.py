"""Send a web server the same signed webhook over several connections, and time its answers."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import selectors
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

SECRET = b"a secret of benchmarks"
SECONDS_FOR_AN_ANSWER = 30


class RefusedError(Exception):
    """A server did not accept a delivery: its times would mean nothing."""


def webhook_body() -> bytes:
    """Return a delivery of the size that GitHub's `pull_request` has: some 25 kB."""
    owner = {f"url_{number}": f"https://api.github.com/users/octo/{number}" for number in range(18)}
    repository = {"id": 1, "full_name": "octo/science", "owner": owner} | {
        f"url_{number}": f"https://api.github.com/repos/octo/science/{number}{{/x}}"
        for number in range(80)
    }
    side = {"ref": "main", "sha": "0" * 40, "user": owner, "repo": repository}
    pull = {"number": 7, "title": "A change", "body": "words " * 200, "head": side, "base": side}
    event = {"action": "opened", "pull_request": pull, "repository": repository, "sender": owner}
    return json.dumps(event | {"installation": {"id": 1}}).encode()


BODY = webhook_body()
_SIGNATURE = hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()


def request_bytes() -> bytes:
    """Return a request with a delivery that there was never before."""
    head = (
        "POST /webhook HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "Content-Type: application/json\r\n"
        "X-GitHub-Event: pull_request\r\n"
        f"X-GitHub-Delivery: {uuid.uuid4()}\r\n"
        f"X-Hub-Signature-256: sha256={_SIGNATURE}\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


@dataclass
class _Connection:
    socket: socket.socket
    began: float = 0.0
    answer: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        self.answer.clear()
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Return whether the answer is complete, which must be that it was accepted."""
        data = self.socket.recv(65536)
        if not data:
            raise RefusedError("the server has closed the connection")
        self.answer += data
        head, _, body = bytes(self.answer).partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
        if length is None or len(body) < int(length[1]):
            return False
        if b" 202 " not in head.partition(b"\r\n")[0]:
            raise RefusedError(bytes(self.answer).decode())
        return True


def hammer(port: int, connections: int, number: int) -> tuple[float, list[float]]:
    """Send *number* deliveries; return the seconds that took in all, and those for each."""
    requests: Iterator[bytes] = iter([request_bytes() for _ in range(number)])
    seconds: list[float] = []
    with selectors.DefaultSelector() as selector:
        opened = [
            _Connection(socket.create_connection(("127.0.0.1", port), SECONDS_FOR_AN_ANSWER))
            for _ in range(connections)
        ]
        started = time.perf_counter()
        for connection in opened:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(requests))
        while len(seconds) < number:
            for key, _ in selector.select(SECONDS_FOR_AN_ANSWER):
                connection = key.data
                if connection.read():
                    seconds.append(time.perf_counter() - connection.began)
                    if (request := next(requests, None)) is not None:
                        connection.send(request)
        taken = time.perf_counter() - started
        for connection in opened:
            connection.socket.close()
    return taken, seconds


def await_first(port: int, started: float) -> float:
    """Return how many seconds after *started* a server on *port* has accepted a delivery."""
    while time.perf_counter() - started < SECONDS_FOR_AN_ANSWER:
        try:
            with socket.create_connection(("127.0.0.1", port), SECONDS_FOR_AN_ANSWER) as opened:
                connection = _Connection(opened)
                connection.send(request_bytes())
                while not connection.read():
                    pass
                return time.perf_counter() - started
        except ConnectionError:
            time.sleep(0.002)
    raise RefusedError(f"nobody listens on port {port}")
