from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from psycopg_pool import ConnectionPool

from bot.errors import UsageError
from bot.service import migrations
from bot.service.database import Database
from bot.service.migrations.migrate import migrate
from bot.service.pool import make_pool
from bot.service.schema import FLOOR, REVISION, schema_problem
from bot.service.tables import metadata

FOLDER = Path(migrations.__file__).parent
STATEMENTS = Path(__file__).parent / "statements"
OLDEST_SUPPORTED = "0001"
"""What releases that may still be at work were written for."""

TAKES_AWAY = re.compile(
    r"drop_(column|table|constraint)|rename|alter_column|new_column_name|DROP |RENAME ", re.I
)


@pytest.fixture
def pool(database: str) -> Iterator[ConnectionPool]:
    with make_pool(database, 1) as pool:
        yield pool


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(config)


def run(dsn: str, statement: str, *values: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(statement, values)


def test_a_migrated_database_has_the_tables_that_the_code_is_written_for(database):
    ours = Database(database, size=1)
    with ours.begin() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, *_: not (name or "").startswith("procrastinate_"),
            },
        )
        differences = compare_metadata(context, metadata)
    ours.close()

    assert differences == []


def test_the_queues_tables_are_those_that_its_library_expects():
    """If not, a revision is missing that does what `procrastinate/sql/migrations` does."""
    newest = sorted((FOLDER / "versions").glob("procrastinate_*.sql"))[-1]

    _, _, tables = newest.read_text(encoding="utf-8").partition("-- ----\n")
    assert tables == SchemaManager.get_schema()


def test_the_code_knows_the_newest_revision(database):
    assert scripts().get_current_head() == REVISION


def test_several_that_migrate_at_once_do_not_disturb_each_other(empty_database):
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(migrate, [empty_database] * 3))

    with make_pool(empty_database, 1) as pool:
        assert schema_problem(pool) is None


def test_a_database_without_tables_is_to_be_migrated(empty_database):
    with make_pool(empty_database, 1) as pool:
        assert schema_problem(pool) == "the database has no tables of nbci: run `nbci migrate`"


def test_a_database_of_an_earlier_version_is_to_be_migrated(database, pool):
    run(database, "UPDATE alembic_version SET version_num = '0000'")

    assert schema_problem(pool) == (
        f"the database is at revision 0000, before {REVISION}: run `nbci migrate`"
    )


def test_a_database_of_the_next_version_is_used_and_left_as_it_is(database, pool):
    run(database, "UPDATE alembic_version SET version_num = '9998'")

    migrate(database)

    assert schema_problem(pool) is None


def test_a_database_that_only_later_versions_can_use_is_refused(database, pool):
    run(database, "UPDATE alembic_version SET version_num = '9998'")
    run(database, "INSERT INTO cursors VALUES (%s, '9997')", FLOOR)
    problem = (
        "the database is at revision 9998, for which nbci has to know revision 9997; this version"
        f" knows {REVISION}: install the later version again"
    )

    assert schema_problem(pool) == problem
    with pytest.raises(UsageError) as caught:
        migrate(database)
    assert str(caught.value) == problem


def supported() -> list[str]:
    return sorted(
        script.revision
        for script in scripts().walk_revisions()
        if script.revision >= OLDEST_SUPPORTED
    )


@pytest.mark.parametrize("revision", supported())
def test_code_written_for_an_earlier_revision_runs_on_the_newest(database, revision):
    """The statements of a release are recorded once, in the file of its revision, and stay."""
    recorded = (STATEMENTS / f"{revision}.sql").read_text(encoding="utf-8")

    run(database, recorded)


def test_what_is_recorded_of_the_newest_revision_uses_every_column():
    recorded = (STATEMENTS / f"{REVISION}.sql").read_text(encoding="utf-8")

    for table in metadata.sorted_tables:
        columns = ", ".join(column.name for column in table.columns)
        assert f"INSERT INTO {table.name} ({columns})" in recorded
        assert f"SELECT {columns} FROM {table.name}" in recorded


@pytest.mark.parametrize("revision", sorted((FOLDER / "versions").glob("r*.py")), ids=str)
def test_a_revision_takes_nothing_away_that_the_release_before_uses(revision):
    """Where one has to, it says why that is safe, and from which revision on it is."""
    text = revision.read_text(encoding="utf-8")

    assert re.fullmatch(r"r\d{4}_\w+\.py", revision.name)
    if TAKES_AWAY.search(text):
        assert "# contract: " in text
        assert "FLOOR" in text


def test_a_revision_that_takes_something_away_is_noticed():
    for text in ['op.drop_column("runs", "state")', 'new_column_name="x"', "DROP TABLE runs"]:
        assert TAKES_AWAY.search(text)
