"""The bot as its operator starts it: `nbci serve`, set up by environment variables."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from fakes.github.installing import InstalledApp
from interrupts import hold_off

NBCI = Path(sys.executable).with_name("nbci")
_OURS = ("NBCI_", "DATABASE_URL", "APPLICATIONINSIGHTS_", "OTEL_")
# Longer than the bot gives its own processes.
_PATIENCE = 45.0


class DemoFailed(Exception):
    """What had to be seen was not."""


class LocalBot:
    """A running bot for *app*, with its data and its log in *folder*; ended by leaving `with`."""

    def __init__(self, app: InstalledApp, folder: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "bot.log"
        app.url = f"{self.url}/webhook"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [NBCI, "serve", "--port", str(self.port)],
                cwd=folder,
                env=_environment(app, folder, self.url),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # What Ctrl-C ends is the demo, which then ends the bot.
                start_new_session=True,
            )

    def __enter__(self) -> LocalBot:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        hold_off()
        if self._process.poll() is None:
            self._process.terminate()
        else:
            self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while self._process.poll() is None or self._signal_all(0):
            if time.monotonic() > deadline:
                self._signal_all(signal.SIGKILL)
            time.sleep(0.02)

    def await_ready(self, seconds: float = 60.0) -> None:
        """Return once the bot takes webhooks; raises DemoFailed if that is not to be."""
        deadline = time.monotonic() + seconds
        while self.get("/readyz") != 200:
            self.must_live()
            if time.monotonic() > deadline:
                raise DemoFailed(f"the bot is not ready after {seconds:.0f} s")
            time.sleep(0.05)

    def must_live(self) -> None:
        """Raise DemoFailed once the bot has ended."""
        if (code := self._process.poll()) is not None:
            raise DemoFailed(f"the bot has ended, with exit code {code}")

    def wait(self) -> None:
        """Return when the bot has ended, which it does not by itself."""
        self._process.wait()

    def get(self, path: str) -> int:
        """Return the status that a page is answered with, 0 for no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path)
                return connection.getresponse().status
            except (OSError, http.client.HTTPException):
                return 0

    def _signal_all(self, number: int) -> bool:
        """Send a signal to all processes of the bot, 0 for none; returns whether there are any."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True

    def end_of_log(self, lines: int = 30) -> str:
        """Return the last lines of what the bot has logged."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def _environment(app: InstalledApp, folder: Path, url: str) -> dict[str, str]:
    """Return an environment in which nothing counts that is set for another bot."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
    return inherited | {
        "NBCI_GITHUB_APP_ID": str(app.app.id),
        "NBCI_GITHUB_PRIVATE_KEY": app.pem,
        "NBCI_WEBHOOK_SECRET": app.secret,
        "NBCI_GITHUB_API_URL": app.github.api_url,
        "NBCI_DATA_DIR": str(folder / "data"),
        "NBCI_PUBLIC_URL": url,
        "NBCI_ALLOW_LOCAL_BACKEND": "true",
        # So that the bot ends with us even if we are killed.
        "NBCI_SUPERVISOR": str(os.getpid()),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
