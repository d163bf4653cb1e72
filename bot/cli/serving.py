"""The commands that serve: everything in one, or the web and workers apart."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.settings import Settings

_log = logging.getLogger(__name__)

_DOTENV = Path(".env")
_PARENT = "NBCI_SUPERVISOR"
_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_port = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on.",
)
_concurrency = click.option(
    "--concurrency",
    type=click.IntRange(1, 200),
    default=4,
    show_default=True,
    help="Jobs at a time; notebooks are not counted.",
)


@click.command()
@_host
@_port
@_concurrency
def serve(host: str, port: int, concurrency: int) -> None:
    """Serve all of the bot: database, web and one worker."""
    settings = _settings(keep_in_environment=True)
    from bot.service.supervisor import Child, Supervisor
    from bot.wiring.database import database_dsn, ensure_schema

    os.environ[_PARENT] = str(os.getpid())
    ours = [sys.executable, "-m", "bot"]
    children = [
        Child("web", [*ours, "web", "--host", host, "--port", str(port)]),
        Child("worker", [*ours, "worker", "--concurrency", str(concurrency)]),
    ]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    supervisor = Supervisor(
        children,
        ensure=lambda: database_dsn(settings),
        ready=lambda: _is_ready(f"{address}/readyz"),
        announce=lambda: click.echo(f"nbci serves at {address}", err=True),
    )
    stop = _until_told()
    with _looked_after(settings):
        ensure_schema(settings)
        supervisor.run(stop)


@click.command()
@_host
@_port
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--threads", type=click.IntRange(1, 256), default=16, show_default=True)
def web(host: str, port: int, workers: int, threads: int) -> None:
    """Serve webhooks, progress of runs and reports."""
    settings = _settings()
    from bot.wiring.web import run_web

    run_web(settings, host, port, workers=workers, threads=threads)


@click.command()
@_concurrency
def worker(concurrency: int) -> None:
    """Do what webhooks ask for."""
    settings = _settings()
    from bot.wiring.worker import run_worker

    run_worker(settings, concurrency, stop=_until_told())


@click.command()
def migrate() -> None:
    """Bring the database to this version."""
    settings = _settings()
    from bot.wiring.database import ensure_schema

    ensure_schema(settings)
    click.echo("The database is at the schema of this version.")


@contextlib.contextmanager
def _looked_after(settings: Settings) -> Iterator[None]:
    """Have the PostgreSQL in the data folder, where there is one to be, run meanwhile."""
    if settings.database_url is not None:
        yield
        return
    from bot.service.embedded import ensure_database, stop_database
    from bot.service.supervisor import alone

    ensure_database(settings.data_dir)
    with alone(settings.data_dir):
        try:
            yield
        finally:
            stop_database(settings.data_dir)


def _settings(*, keep_in_environment: bool = False) -> Settings:
    """Return the settings; only the processes that a supervisor starts get to see them after."""
    if importlib.util.find_spec("procrastinate") is None:
        raise UsageError("the bot needs more packages: pip install 'nbci[bot]'")
    from bot.service.logs import log_uncaught, start_log
    from bot.service.process import end_with, keep_secrets
    from bot.settings import SECRETS, load_settings, open_files, variable

    parent = os.environ.pop(_PARENT, None)
    start_log("warning", ())
    log_uncaught()
    settings = load_settings(os.environ, _DOTENV)
    start_log(settings.log_level, settings.secrets)
    # Whoever supervises has told already.
    for path in open_files(os.environ, _DOTENV) if parent is None else ():
        _log.warning("%s holds a secret and can be read by everybody here: chmod 600", path)
    names = [variable(name) for name in SECRETS]
    keep_secrets([] if keep_in_environment else names)
    if parent:
        end_with(int(parent))
    return settings


def _until_told() -> threading.Event:
    """Return what is set once the process is told to end."""
    stop = threading.Event()

    def end(number: int, frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def _is_ready(url: str) -> bool:
    import http.client
    import urllib.request

    # Not by a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False
