"""`nbci setup`: a GitHub App made in two clicks, and its settings kept."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.forges.github.app_manifest import NewApp

_NAMES = ("NBCI_GITHUB_APP_ID", "NBCI_GITHUB_PRIVATE_KEY", "NBCI_WEBHOOK_SECRET")


@click.command()
@click.option("--public-url", required=True, help="Where GitHub and browsers reach the bot.")
@click.option(
    "--name", default="nbci", show_default=True, help="Name of the App; unique on GitHub."
)
@click.option("--organization", help="Whose App it is to be; yours, where none is given.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".env",
    show_default=True,
    help="Where to keep the settings.",
)
@click.option("--force", is_flag=True, help="Replace the settings of an App that are there.")
def setup(
    public_url: str,
    name: str,
    organization: str | None,
    host: str,
    port: int,
    env_file: Path,
    force: bool,
) -> None:
    """Have GitHub make the App that the bot is, and keep its settings."""
    url = urlsplit(public_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise UsageError(
            f"--public-url {public_url}: expected a URL such as https://nbci.example.org"
        )
    _check_is_new(env_file, force=force)
    from bot.service.files import server_of
    from bot.service.setup_page import Setup, create_setup
    from bot.service.setup_server import serve_until

    public_url = public_url.rstrip("/")
    api_url = os.environ.get("NBCI_GITHUB_API_URL", "https://api.github.com").rstrip("/")
    finished = threading.Event()
    page = Setup(
        name=name,
        public_url=public_url,
        api_url=api_url,
        server_url=server_of(api_url),
        organization=organization,
        env_file=str(env_file),
        keep=lambda made: keep_settings(env_file, made, public_url),
        done=finished.set,
    )
    click.echo(f"Open {public_url}/setup?token={page.token}", err=True)
    serve_until(finished, create_setup(page), host, port)
    click.echo(
        f"The App is made, and its settings are in {env_file}: start `nbci serve`.", err=True
    )


def keep_settings(env_file: Path, made: NewApp, public_url: str) -> None:
    """Write the App's settings into *env_file*, readable by its owner alone; other lines stay."""
    key = made.private_key.strip().replace("\n", "\\n")
    new = {
        "NBCI_GITHUB_APP_ID": str(made.id),
        "NBCI_GITHUB_PRIVATE_KEY": f'"{key}"',
        "NBCI_WEBHOOK_SECRET": made.webhook_secret,
        "NBCI_PUBLIC_URL": public_url,
    }
    kept = [line for line in _lines(env_file) if _name(line) not in new]
    text = "\n".join([*kept, *(f"{name}={value}" for name, value in new.items())]) + "\n"
    beside = env_file.with_name(f"{env_file.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    beside.replace(env_file)


def _check_is_new(env_file: Path, *, force: bool) -> None:
    there = [name for name in map(_name, _lines(env_file)) if name in _NAMES]
    if there and not force:
        raise UsageError(
            f"{env_file}: it has {', '.join(there)} already; --force replaces the App's settings"
        )
    if not os.access(env_file.parent, os.W_OK):
        raise UsageError(f"--env-file {env_file}: nothing can be written in its folder")


def _lines(env_file: Path) -> list[str]:
    try:
        return env_file.read_text().splitlines()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UsageError(f"--env-file {env_file}: it cannot be read: {error}") from None


def _name(line: str) -> str:
    return line.partition("=")[0].strip().removeprefix("export ").strip()
