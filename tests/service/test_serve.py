"""`nbci serve`: all of the bot as one command, whatever becomes of its parts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from building.bots import environment_of, free_port
from building.repositories import make_repository
from building.waiting import wait_until
from fakes.github import GitHub
from fakes.github.installing import new_pem

from bot.service.embedded import stop_database
from bot.service.postmaster import is_alive

COMMAND = [sys.executable, "-m", "bot", "serve", "--port"]


@pytest.fixture
def served(open_path: Path, tmp_path: Path) -> Iterator[tuple[psutil.Popen, int]]:
    with GitHub() as github:
        git = make_repository(tmp_path / "git")
        git.write("a.ipynb", ["1"])
        git.commit()
        app = github.install_app("nbci", github.add_repository("octo/science", git))
        port = free_port()
        process = psutil.Popen(
            [*COMMAND, str(port)],
            cwd=open_path,
            env=environment_of(github, app, open_path / "data"),
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: len(serving(process)) == 2 and listens(port), "the web listens")
        yield process, port
        for child in [*process.children(recursive=True), process] if process.is_running() else []:
            child.kill()
        process.wait(10)
        stop_database(open_path / "data")


def serving(process: psutil.Popen) -> dict[str, psutil.Process]:
    """Return the web and the worker that `nbci serve` has started, by their names."""
    if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
        return {}
    found = {}
    for child in process.children():
        try:
            arguments = child.cmdline()
        except psutil.Error:
            continue
        found |= {name: child for name in ("web", "worker") if name in arguments}
    return found


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_told_to_end_it_ends_everything_it_has_started(served, open_path):
    process, port = served
    all_of_it = process.children(recursive=True)

    process.terminate()

    assert process.wait(40) == 0
    assert not [child for child in all_of_it if child.is_running()]
    assert not listens(port)
    assert not is_alive(open_path / "data" / "postgres" / "data")


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_part_that_is_killed_is_started_again(served, name):
    process, port = served
    killed = serving(process)[name]

    killed.kill()

    wait_until(lambda: serving(process).get(name, killed) != killed, f"another {name}")
    wait_until(lambda: listens(port), "the web listens")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_killed_itself_it_leaves_no_part_behind(served):
    process, _ = served
    parts = list(serving(process).values())

    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)

    _, alive = psutil.wait_procs(parts, timeout=40)
    assert not alive


def serve(
    folder: Path, data: Path, port: int, key: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Return how `nbci serve` ends, of which nothing is to be started."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("NBCI_")}
    environ |= {
        "NBCI_ALLOW_LOCAL_BACKEND": "true",
        "NBCI_DATA_DIR": str(data),
        "NBCI_GITHUB_APP_ID": "1",
        "NBCI_GITHUB_PRIVATE_KEY": key or new_pem(),
        "NBCI_WEBHOOK_SECRET": "secret",
    }
    return subprocess.run(
        [*COMMAND, str(port)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_one_is_refused_and_does_the_first_no_harm(served, open_path):
    second = serve(open_path, open_path / "data", free_port())

    assert second.returncode == 2
    assert "another `nbci serve` looks after the PostgreSQL in it" in second.stderr
    assert is_alive(open_path / "data" / "postgres" / "data")


def test_a_private_key_that_is_none_ends_all_of_it(open_path):
    key = "-----BEGIN RSA PRIVATE KEY-----\nbm90IGEga2V5\n-----END RSA PRIVATE KEY-----"

    done = serve(open_path, open_path / "data", free_port(), key)

    assert done.returncode == 2
    assert "NBCI_GITHUB_PRIVATE_KEY: is no RSA private key" in done.stderr
    assert "bm90IGEga2V5" not in done.stderr


def test_a_port_that_is_taken_ends_all_of_it(open_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        done = serve(open_path, open_path / "data", taken.getsockname()[1])

    assert done.returncode == 2
    assert "it is not possible to listen there" in done.stderr
    assert "nbci: web cannot be started" in done.stderr
    assert not is_alive(open_path / "data" / "postgres" / "data")


def test_a_postgresql_that_is_killed_is_started_again(served, open_path):
    cluster = open_path / "data" / "postgres" / "data"
    first = (cluster / "postmaster.pid").read_text().split()[0]

    psutil.Process(int(first)).kill()

    wait_until(
        lambda: is_alive(cluster) and (cluster / "postmaster.pid").read_text().split()[0] != first,
        "another PostgreSQL",
    )
