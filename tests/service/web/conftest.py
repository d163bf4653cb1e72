"""The web application on a real database, and without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from service.web.sending import OLD_SECRET, SECRET, Database, Sender

from bot.service.app import create_app
from bot.service.pool import make_pool
from bot.service.web import Web


@pytest.fixture
def stored(database: str) -> Database:
    return Database(database)


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[Flask]:
    pool = make_pool(database, 4)
    yield create_app(
        Web(pool=pool, secrets=(SECRET, OLD_SECRET), reports=tmp_path / "reports", version="1.2.3")
    )
    pool.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def unstored(tmp_path: Path) -> Iterator[Sender]:
    """Somebody who sends to an application that has no database: what asks for it gets 503."""
    pool = make_pool(f"host={tmp_path} dbname=nowhere", 1)
    web = Web(pool=pool, secrets=(SECRET, OLD_SECRET), reports=tmp_path / "reports", version="1")
    yield Sender(create_app(web).test_client())
    pool.close()


@pytest.fixture
def github(client: FlaskClient) -> Sender:
    return Sender(client)
