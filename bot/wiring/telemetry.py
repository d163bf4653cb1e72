"""Traces, as the operator wants them."""

from __future__ import annotations

from bot.service.telemetry import Telemetry
from bot.settings import Settings


def started(role: str, settings: Settings) -> Telemetry:
    """Return where a process's spans go; raises UsageError where packages for it are missing."""
    telemetry = Telemetry()
    given = settings.application_insights
    telemetry.start(role, given.get_secret_value() if given else None)
    return telemetry
