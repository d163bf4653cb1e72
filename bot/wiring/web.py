"""The bot's web process. What it imports is little, so that it is there at once."""

from __future__ import annotations

from importlib.metadata import version

from flask import Flask

from bot.service import metrics
from bot.service.app import create_app
from bot.service.pool import make_pool
from bot.service.web import Web
from bot.service.web_server import serve_web
from bot.settings import Settings
from bot.wiring.database import database_dsn
from bot.wiring.telemetry import started


def run_web(
    settings: Settings, host: str, port: int, *, workers: int = 1, threads: int = 16
) -> None:
    """Serve webhooks, callbacks and reports until SIGTERM."""
    dsn = database_dsn(settings)

    def make_app() -> Flask:
        web = Web(
            pool=make_pool(dsn, threads),
            secrets=settings.webhook_secrets,
            reports=settings.data_dir / "reports",
            version=version("nbci"),
        )
        app = create_app(web)
        telemetry = started("web", settings)
        telemetry.observe(metrics.ABOUT, metrics.Metrics(web).read)
        app.wsgi_app = telemetry.around(app.wsgi_app)  # type: ignore[method-assign,assignment]
        return app

    serve_web(make_app, host=host, port=port, workers=workers, threads=threads)
