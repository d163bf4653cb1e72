"""How fast a webhook is acknowledged, compared with the least that could do it durably.

That is a bare Flask view that verifies the signature and does one durable INSERT, into the same
PostgreSQL, with the same pool and the same settings of gunicorn. One after the other they get
signed deliveries over 16 connections, in several rounds; medians are shown, since machines are
noisy. Ends with 1 when a limit is not kept.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from bare_webhook import TABLE
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hammering import SECRET, await_first, hammer
from tables import table

from bot.service.embedded import ensure_database, stop_database
from bot.service.migrations.migrate import migrate

HERE = Path(__file__).parent
CONNECTIONS = 16
LEAST_THROUGHPUT = 0.6
MOST_P99 = 2.5
MOST_START = 1.5


def private_key() -> str:
    """Return a key as a GitHub App has one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()


@dataclass
class Measured:
    """What one server did: seconds to its first answer, deliveries a second, seconds for each."""

    name: str
    command: Callable[[Setting, int], list[str]]
    starts: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    p99s: list[float] = field(default_factory=list)

    @property
    def start(self) -> float:
        """The median of the seconds from the start of the process to its first 202."""
        return statistics.median(self.starts)

    @property
    def rate(self) -> float:
        """The median of the deliveries acknowledged in a second."""
        return statistics.median(self.rates)

    @property
    def p99(self) -> float:
        """The median of the seconds within which 99 of 100 are acknowledged."""
        return statistics.median(self.p99s)


@dataclass(frozen=True)
class Setting:
    """Where and how the servers run."""

    dsn: str
    workers: int
    threads: int
    key: str = field(default_factory=private_key)

    @property
    def environment(self) -> dict[str, str]:
        """Return what a server is told beside its command line."""
        return {
            **os.environ,
            "PYTHONPATH": str(HERE.parent),
            "DATABASE_URL": self.dsn,
            "NBCI_ALLOW_LOCAL_BACKEND": "true",
            "NBCI_GITHUB_APP_ID": "1",
            "NBCI_GITHUB_PRIVATE_KEY": self.key,
            "NBCI_LOG_LEVEL": "warning",
            "NBCI_WEBHOOK_SECRET": SECRET.decode(),
        }

    def bare(self, port: int) -> list[str]:
        """Return the arguments of Python that serve the bare view."""
        options = [self.dsn, SECRET.decode(), str(port), str(self.workers), str(self.threads)]
        return [str(HERE / "bare_webhook.py"), *options]

    def ours(self, port: int) -> list[str]:
        """Return the arguments of Python that serve our web as it is deployed."""
        options = ["--port", str(port), "--workers", str(self.workers)]
        return ["-m", "bot", "web", *options, "--threads", str(self.threads)]

    @contextlib.contextmanager
    def serving(self, measured: Measured) -> Iterator[int]:
        """Serve, having noted how long it took to begin; give the port."""
        port = free_port()
        command = [sys.executable, *measured.command(self, port)]
        started = time.perf_counter()
        with subprocess.Popen(command, env=self.environment) as process:
            try:
                measured.starts.append(await_first(port, started))
                yield port
            finally:
                process.terminate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def measure(setting: Setting, servers: Sequence[Measured], rounds: int, deliveries: int) -> None:
    """Start each server several times and then have all of them acknowledge, in turn."""
    for number in range(rounds):
        for server in rotated(servers, number):
            with setting.serving(server):
                pass
    with contextlib.ExitStack() as stack:
        ports = {server.name: stack.enter_context(setting.serving(server)) for server in servers}
        for port in ports.values():
            hammer(port, CONNECTIONS, 100)  # so that all threads and connections are there
        for number in range(rounds):
            for server in rotated(servers, number):
                seconds, each = hammer(ports[server.name], CONNECTIONS, deliveries)
                server.rates.append(deliveries / seconds)
                server.p99s.append(statistics.quantiles(each, n=100)[-1])
                print(
                    f"round {number + 1}: {server.name} {server.rates[-1]:.0f}/s", file=sys.stderr
                )


def rotated(servers: Sequence[Measured], number: int) -> list[Measured]:
    """Return the servers, each first in its turn."""
    first = number % len(servers)
    return [*servers[first:], *servers[:first]]


def show(bare: Measured, ours: Measured) -> bool:
    """Print what was measured and return whether the limits are kept."""
    ratios = {
        "acknowledged a second": (ours.rate / bare.rate, f"at least {LEAST_THROUGHPUT}"),
        f"p99 at {CONNECTIONS} connections, ms": (ours.p99 / bare.p99, f"at most {MOST_P99}"),
        "start to first 202, ms": (ours.start / bare.start, f"at most {MOST_START}"),
    }
    values = [
        (f"{bare.rate:.0f}", f"{ours.rate:.0f}"),
        (f"{bare.p99 * 1000:.1f}", f"{ours.p99 * 1000:.1f}"),
        (f"{bare.start * 1000:.0f}", f"{ours.start * 1000:.0f}"),
    ]
    rows = [
        [name, *pair, f"{ratio:.2f}", limit]
        for (name, (ratio, limit)), pair in zip(ratios.items(), values, strict=True)
    ]
    print(table(["webhooks", bare.name, ours.name, "ratio", "limit"], rows))
    return (
        ours.rate >= LEAST_THROUGHPUT * bare.rate
        and ours.p99 <= MOST_P99 * bare.p99
        and ours.start <= MOST_START * bare.start
    )


@contextlib.contextmanager
def database() -> Iterator[str]:
    """Start an embedded PostgreSQL with our tables and the bare view's; give its DSN."""
    with tempfile.TemporaryDirectory(prefix="nbci-benchmark-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as somebody else where we are root
        dsn = ensure_database(Path(folder))
        try:
            migrate(dsn)
            with psycopg.connect(dsn) as connection:
                connection.execute(TABLE)
            yield dsn
        finally:
            stop_database(Path(folder))


def main() -> int:
    """Measure and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--deliveries", type=int, default=1000, help="in each round, to each")
    parser.add_argument("--workers", type=int, default=2, help="processes of each server")
    parser.add_argument("--threads", type=int, default=8, help="of each process")
    arguments = parser.parse_args()
    bare, ours = Measured("bare", Setting.bare), Measured("nbci web", Setting.ours)
    with database() as dsn:
        setting = Setting(dsn, arguments.workers, arguments.threads)
        measure(setting, [bare, ours], arguments.rounds, arguments.deliveries)
    return 0 if show(bare, ours) else 1


if __name__ == "__main__":
    sys.exit(main())
