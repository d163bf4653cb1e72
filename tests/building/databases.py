"""Real databases for tests: one server for all processes of a test run, a database for each test.

The server is the embedded one, told not to wait for the disk. It is started by the first test that
asks for a database, and stopped by the process that began the test run.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from bot.service.embedded import ensure_database, stop_database
from bot.service.migrations.migrate import migrate

_FOLDER = "NBCI_TEST_DATABASES"
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_numbers = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """Choose the server's folder; the processes that share the tests inherit the choice."""
    if not is_worker(config):
        tidy_up_after_killed()
        os.environ[_FOLDER] = str(open_folder())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not is_worker(config):
        remove(Path(os.environ.pop(_FOLDER)))


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def open_folder() -> Path:
    """Make a folder with a short path that PostgreSQL's user can get to, where tests are root's.

    pytest's own folders are closed to others.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"nbci-test-{os.getpid()}-"))
    folder.chmod(0o711)
    return folder


def remove(folder: Path) -> None:
    """Remove a folder that `open_folder` has made, and stop the servers in it."""
    for place in (folder, folder / "data"):
        stop_database(place)
    shutil.rmtree(folder, ignore_errors=True)


def tidy_up_after_killed() -> None:
    """Remove what test runs have left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob("nbci-test-*-*"):
        process_id = folder.name.split("-")[2]
        if process_id.isdigit() and not psutil.pid_exists(int(process_id)):
            remove(folder)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A new folder as `open_folder` makes it; a PostgreSQL started in `data` of it is stopped."""
    folder = open_folder()
    yield folder
    remove(folder)


@pytest.fixture(scope="session")
def database_server() -> str:
    """The DSN of a database on the server, beside which others can be made."""
    dsn = ensure_database(Path(os.environ[_FOLDER]))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        made = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'template'")
        if made.fetchone() is None:
            for name, value in _HASTY.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE half_made")
            migrate(make_conninfo(dsn, dbname="half_made"))
            connection.execute("ALTER DATABASE half_made RENAME TO template")
    return dsn


@pytest.fixture
def empty_database(database_server: str) -> Iterator[str]:
    """The DSN of a database without any table."""
    with new_database(database_server, "template0") as dsn:
        yield dsn


@pytest.fixture
def database(database_server: str) -> Iterator[str]:
    """The DSN of a migrated, empty database; whoever still uses it afterwards is disconnected."""
    with new_database(database_server, "template") as dsn:
        yield dsn


@contextlib.contextmanager
def new_database(server: str, template: str) -> Iterator[str]:
    """Give the DSN of a database of its own: of `template0` an empty one, of `template` a migrated.

    Whoever still uses it afterwards is disconnected.
    """
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_conninfo(server, dbname=name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
