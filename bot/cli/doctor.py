"""`nbci doctor`: whether notebooks can run here, and the bot work where it is set up."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.cli.doctor_machine import machine_findings, repository_findings
from bot.cli.exit_codes import INFRASTRUCTURE, NOT_PASSED, PASSED
from bot.cli.findings import Finding, show

_DOTENV = Path(".env")
_OF_BOT = tuple(
    name + suffix
    for name in ("NBCI_GITHUB_APP_ID", "NBCI_GITHUB_PRIVATE_KEY", "NBCI_WEBHOOK_SECRET")
    for suffix in ("", "_FILE")
)
_LACKING = Finding(
    "Bot",
    "its settings are here, and not all of its packages",
    "pip install 'nbci[bot]'",
    is_fatal=True,
)


def diagnose(python: str | None) -> int:
    """Print what was found and return the exit code.

    It is 3 when notebooks cannot be run here, and 1 when the bot is set up here and cannot work.
    """
    can_run = show(machine_findings(python))
    if not _is_bot_here(os.environ):
        can_run &= show(repository_findings())
        return PASSED if can_run else INFRASTRUCTURE
    can_work = show(_bot_findings(os.environ))
    if not can_run:
        return INFRASTRUCTURE
    return PASSED if can_work else NOT_PASSED


def _is_bot_here(environ: Mapping[str, str]) -> bool:
    if any(environ.get(name) for name in _OF_BOT):
        return True
    try:
        text = _DOTENV.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return any(name in text for name in _OF_BOT)


def _bot_findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    if importlib.util.find_spec("procrastinate") is None:
        yield _LACKING
        return
    from bot.cli.doctor_bot import bot_findings

    yield from bot_findings(environ, _DOTENV)
