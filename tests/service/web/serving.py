"""A web process as it is deployed, with connections to it that behave as they like."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_SERVE = """
import logging, sys
from pathlib import Path
from bot.service.app import create_app
from bot.service.pool import make_pool
from bot.service.web import Web
from bot.service.web_server import serve_web

logging.basicConfig(level="DEBUG", format="%(message)s")
dsn, reports, port, options = sys.argv[1:]
def make_app():
    return create_app(
        Web(pool=make_pool(dsn, 4), secrets=(b"new secret",), reports=Path(reports), version="1")
    )
serve_web(make_app, host="127.0.0.1", port=int(port), threads=4, **eval(options))
"""
_PATIENCE = 30.0


@dataclass
class Served:
    """A web process that listens on `port` of 127.0.0.1."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), _PATIENCE)
        connection.settimeout(_PATIENCE)
        return connection

    def exchange(self, *parts: bytes) -> bytes:
        """Send *parts* on a connection of their own, and return all that is answered."""
        with self.connect() as connection:
            for part in parts:
                connection.sendall(part)
            return read_all(connection)

    @property
    def memory(self) -> int:
        """Return the bytes of the process that answers, at this moment."""
        [worker] = psutil.Process(self.process.pid).children()
        return int(worker.memory_info().rss)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE)


def read_all(connection: socket.socket) -> bytes:
    answer = bytearray()
    while data := connection.recv(65536):
        answer += data
    return bytes(answer)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def body_of(answer: bytes) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return loaded


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(dsn: str, folder: Path, **options: object) -> Iterator[Served]:
    """Serve until the end of the block; *options* are those of `serve_web`."""
    port, log = free_port(), folder / "log.txt"
    command = [sys.executable, "-c", _SERVE, dsn, str(folder), str(port), repr(options)]
    with (
        log.open("wb") as file,
        subprocess.Popen(command, stderr=file, env=_environment()) as process,
    ):
        served = Served(port, process, log)
        try:
            _await_start(served)
            yield served
        finally:
            if process.poll() is None:
                served.stop()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}


def _await_start(served: Served) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            answer = served.exchange(b"GET /healthz HTTP/1.0\r\n\r\n")
        except ConnectionError:
            assert served.process.poll() is None, served.log.read_text()
            assert time.monotonic() < end, served.log.read_text()
            time.sleep(0.02)
        else:
            assert status_of(answer) == 200
            return
