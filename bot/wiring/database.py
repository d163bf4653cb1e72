"""Where the bot's database is."""

from __future__ import annotations

from bot.settings import Settings


def database_dsn(settings: Settings) -> str:
    """Return where the database is: the operator's own, or the embedded one, started if need be."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    from bot.service.embedded import ensure_database

    return ensure_database(settings.data_dir)


def ensure_schema(settings: Settings) -> None:
    """Bring the database to the schema of this version."""
    from bot.service.migrations.migrate import migrate

    migrate(database_dsn(settings))
