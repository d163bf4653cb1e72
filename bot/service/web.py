"""What the web process is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from psycopg_pool import ConnectionPool

from bot.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What the views work with.

    A webhook may be signed with any of *secrets*: the new one and the old one while the secret is
    being changed. Below *reports* there is a folder for each review, named by its page key.
    Raises UsageError for a secret that is empty: there is no way to take webhooks unsigned.
    """

    pool: ConnectionPool
    secrets: tuple[bytes, ...] = field(repr=False)
    reports: Path
    version: str

    def __post_init__(self) -> None:
        if not self.secrets or not all(secret.strip() for secret in self.secrets):
            raise UsageError(
                "NBCI_WEBHOOK_SECRET: is empty; expected the secret that the GitHub App signs its"
                " webhooks with, as set on the App's settings page"
            )
