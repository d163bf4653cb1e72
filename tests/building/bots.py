"""Whole bots for tests: processes on a real database, the tests' GitHub and the tests' cloud."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from building.waiting import wait_until
from fakes.cloud import Cloud
from fakes.github import GitHub, Repository
from fakes.github.installing import InstalledApp

from bot.service.embedded import ensure_database
from bot.service.migrations.migrate import migrate

_CLOUD_WORKER = Path(__file__).with_name("cloud_worker.py")


@dataclass
class Bot:
    """A web process and workers, each of which can be killed and is started again by `keep`."""

    folder: Path
    github: GitHub
    app: InstalledApp
    cloud: Cloud
    dsn: str
    port: int
    workers: int = 1
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def keep(self) -> None:
        """Start what does not run."""
        names = ["web", *(f"worker {number}" for number in range(self.workers))]
        for name in names:
            found = self.processes.get(name)
            if found is None or found.poll() is not None:
                self.processes[name] = self._start(name)

    def await_web(self) -> None:
        wait_until(self._listens, "the web listens")

    def kill(self, name: str) -> None:
        """End a process in the middle of whatever it does, and all that it has started."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        command = [str(_CLOUD_WORKER), self.cloud.url]
        if name == "web":
            command = ["-m", "bot", "web", "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=self.folder,
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        return environment_of(self.github, self.app, self.folder / "data") | {
            "DATABASE_URL": self.dsn,
            "NBCI_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def make_bot(
    folder: Path,
    github: GitHub,
    cloud: Cloud,
    *repositories: Repository,
    workers: int = 1,
    dsn: str | None = None,
) -> Bot:
    """Return a bot of which nothing runs yet; without *dsn*, its database is made in *folder*."""
    app = github.install_app(f"nbci-{len(github.apps)}", *repositories)
    port = free_port()
    app.url = f"http://127.0.0.1:{port}/webhook"
    if dsn is None:
        dsn = ensure_database(folder / "database")
        migrate(dsn)
    return Bot(folder, github, app, cloud, dsn, port, workers)


def environment_of(github: GitHub, app: InstalledApp, data: Path) -> dict[str, str]:
    """Return the environment of a bot that is *app* on *github*, with its files in *data*."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("NBCI_")}
    return kept | {
        "NBCI_ALLOW_LOCAL_BACKEND": "true",
        "NBCI_DATA_DIR": str(data),
        "NBCI_GITHUB_API_URL": github.api_url,
        "NBCI_GITHUB_APP_ID": str(app.app.id),
        "NBCI_GITHUB_PRIVATE_KEY": app.pem,
        "NBCI_HEARTBEAT_SECONDS": "0.5",
        "NBCI_WEBHOOK_SECRET": app.secret,
    }


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
