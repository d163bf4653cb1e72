"""`nbci setup`: a GitHub App made in two clicks, and its settings kept."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.forges.github.app_manifest import NewApp

_API_URL = "NBCI_GITHUB_API_URL"
_PUBLIC_URL = "NBCI_PUBLIC_URL"
_DEFAULT_API_URL = "https://api.github.com"
_OF_APP = ("NBCI_GITHUB_APP_ID", "NBCI_GITHUB_PRIVATE_KEY", "NBCI_WEBHOOK_SECRET")
_IN_FILES = ("NBCI_GITHUB_PRIVATE_KEY_FILE", "NBCI_WEBHOOK_SECRET_FILE")


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
    """Have GitHub make the App that the bot is, and keep its settings.

    Behind the address that is printed, a page asks GitHub for an App with the permissions and
    events that the bot needs. NBCI_GITHUB_API_URL says where an Enterprise Server's API is.
    """
    if importlib.util.find_spec("procrastinate") is None:
        raise UsageError("the bot needs more packages: pip install 'nbci[bot]'")
    from bot.cli.env_file import settings_in
    from bot.service.files import server_of
    from bot.service.setup_page import Setup, create_setup
    from bot.service.setup_server import serve_until

    public_url = _checked(public_url)
    there = settings_in(env_file)
    api_url = (os.environ.get(_API_URL) or there.get(_API_URL) or _DEFAULT_API_URL).rstrip("/")
    places = {_PUBLIC_URL: public_url, _API_URL: api_url}
    _check_is_new(env_file, there, places, force=force)
    finished = threading.Event()
    page = Setup(
        name=name,
        public_url=public_url,
        api_url=api_url,
        server_url=server_of(api_url),
        organization=organization,
        env_file=str(env_file),
        keep=lambda made: keep_settings(env_file, made, places),
        done=finished.set,
    )
    click.echo(f"Open {public_url}/setup?token={page.token}", err=True)
    serve_until(finished, create_setup(page), host, port)
    click.echo(
        f"The App is made, and its settings are in {env_file}: `nbci doctor` checks them,"
        " `nbci serve` starts the bot.",
        err=True,
    )


def keep_settings(env_file: Path, made: NewApp, places: Mapping[str, str]) -> None:
    """Write the App's settings into *env_file*, and in what *places* GitHub and the bot are.

    Raises OSError.
    """
    from bot.cli.env_file import replace_settings

    values = (str(made.id), made.private_key.strip(), made.webhook_secret)
    new = dict(zip(_OF_APP, values, strict=True))
    told = {name: url for name, url in places.items() if url != _DEFAULT_API_URL}
    replace_settings(env_file, new | told, gone=[*_IN_FILES, *places])


def _checked(public_url: str) -> str:
    url = urlsplit(public_url)
    is_web = url.scheme in ("http", "https") and url.hostname
    if not is_web or url.query or url.fragment or url.username or url.password:
        raise UsageError(
            f"--public-url {public_url}: expected a URL such as https://nbci.example.org"
        )
    return public_url.rstrip("/")


def _check_is_new(
    env_file: Path, there: Mapping[str, str], places: Mapping[str, str], *, force: bool
) -> None:
    """Raise UsageError where what is to be kept would replace something, or would not count."""
    in_environment = [name for name in (*_OF_APP, *_IN_FILES) if os.environ.get(name)]
    if in_environment:
        raise UsageError(
            f"{', '.join(in_environment)}: is set in the environment, which counts before"
            f" {env_file}: take it out first"
        )
    replaced = [name for name in (*_OF_APP, *_IN_FILES) if there.get(name)]
    replaced += [name for name, url in places.items() if there.get(name, url).rstrip("/") != url]
    if replaced and not force:
        raise UsageError(
            f"{env_file}: it has {', '.join(replaced)} already; --force replaces the App's settings"
        )
    if not os.access(env_file.resolve().parent, os.W_OK):
        raise UsageError(f"--env-file {env_file}: nothing can be written in its folder")
