"""Whether the bot can work as it is set up here: its settings, its folder, who it is run by."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values

from bot.cli.doctor_database import database_findings
from bot.cli.doctor_github import github_findings
from bot.cli.findings import Finding
from bot.errors import UsageError
from bot.model import printable
from bot.settings import SECRETS, Settings, load_settings, variable

_FOR_ALL = 0o004


def bot_findings(environ: Mapping[str, str], dotenv: Path) -> Iterator[Finding]:
    """Look at a deployment step by step; what cannot be looked at without more is left out."""
    try:
        settings = load_settings(environ, dotenv)
    except UsageError as error:
        for line in str(error).splitlines():
            name, _, text = line.partition(": ")
            yield Finding(name, text, "see docs/configuration.md, or run `nbci setup`", True)
        return
    yield Finding("Settings", "complete")
    yield from _open_files(_given(environ, dotenv), dotenv)
    yield from _data_folder(settings.data_dir)
    yield from _compute(settings)
    yield from _public_url(settings.public_url)
    yield from database_findings(settings)
    yield from github_findings(settings)


def _given(environ: Mapping[str, str], dotenv: Path) -> dict[str, str]:
    found = dotenv_values(dotenv, interpolate=False) if dotenv.is_file() else {}
    return {name: text for name, text in found.items() if text} | dict(environ)


def _open_files(given: Mapping[str, str], dotenv: Path) -> Iterator[Finding]:
    """Look for secrets in files that everybody on this machine can read."""
    named = [given.get(f"{variable(name)}_FILE") for name in SECRETS]
    key = given.get("NBCI_GITHUB_PRIVATE_KEY", "")
    named.append(None if "-----BEGIN" in key else key)
    for path in [dotenv, *(Path(name.strip()) for name in named if name)]:
        if path.is_file() and path.stat().st_mode & _FOR_ALL:
            yield Finding(
                "Secrets",
                f"{printable(str(path))} can be read by everybody on this machine",
                f"chmod 600 {printable(str(path))}",
            )


def _data_folder(folder: Path) -> Iterator[Finding]:
    there = folder.absolute()
    shown = printable(str(folder))
    try:
        while not there.exists():
            there = there.parent
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield Finding(
            "Data folder",
            f"nothing can be written to {shown}: {error.strerror}",
            "give it to the user of the bot, or set NBCI_DATA_DIR to another",
            True,
        )
        return
    state = "can be written to" if there == folder.absolute() else "can be made"
    yield Finding("Data folder", f"{shown} {state}")


def _compute(settings: Settings) -> Iterator[Finding]:
    if settings.backend != "local":
        yield Finding("Backend", settings.backend)
        return
    text = "local: this machine executes the notebooks of everybody who may push"
    if os.geteuid() == 0:
        advice = "run the bot as a user of its own: docs/security.md"
        yield Finding("Backend", f"{text}, as root", advice)
    else:
        yield Finding("Backend", text)


def _public_url(url: str | None) -> Iterator[Finding]:
    if url is None:
        yield Finding(
            "Public address",
            "not set, so check runs link to no reports",
            "set NBCI_PUBLIC_URL to where browsers reach the bot, if they shall",
        )
    elif url.startswith("http:"):
        advice = "let a proxy with a certificate stand before it, and name its https:// address"
        yield Finding("Public address", f"{url} is not encrypted", advice)
    else:
        yield Finding("Public address", url)
