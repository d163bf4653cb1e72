import os
import sqlite3
import subprocess
import sys

import pytest

from bot.planning.fact_cache import FactCache
from bot.planning.facts import Facts, Import, Place, SearchFolder

FACTS = Facts(
    imports=(Import(1, "a.b", "c\ud800"),),
    runs=(Place("x.py", from_file=False),),
    folders=(SearchFolder(Place("..", from_file=True), is_first=True),),
    exports=("d",),
)


def database_in(folder):
    return next(folder.glob("*.sqlite3"))


def test_facts_come_back(tmp_path):
    FactCache(tmp_path).put({"module:1": FACTS, "module:2": Facts()})

    found = FactCache(tmp_path).get(["module:1", "module:2", "module:3"])

    assert found == {"module:1": FACTS, "module:2": Facts()}


def test_thousands_of_facts_come_back(tmp_path):
    many = {f"module:{number}": FACTS for number in range(3000)}
    FactCache(tmp_path).put(many)

    assert FactCache(tmp_path).get(list(many)) == many


def test_a_missing_cache_is_empty(tmp_path):
    assert FactCache(tmp_path / "nowhere").get(["module:1"]) == {}


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_cache_is_empty_and_heals(tmp_path, content):
    FactCache(tmp_path).put({"module:1": FACTS})
    database_in(tmp_path).write_bytes(content)

    assert FactCache(tmp_path).get(["module:1"]) == {}

    FactCache(tmp_path).put({"module:1": FACTS})
    FactCache(tmp_path).put({"module:1": FACTS})
    assert FactCache(tmp_path).get(["module:1"]) == {"module:1": FACTS}


@pytest.mark.parametrize(
    "text", ["", "[]", "[1, 2, 3, 4]", '[[["a"]], [], [], []]', "{", None, b"\xff"]
)
def test_a_damaged_row_is_no_fact(tmp_path, text):
    FactCache(tmp_path).put({"module:1": FACTS})
    with sqlite3.connect(database_in(tmp_path)) as database:
        database.execute("UPDATE facts SET facts = ?", [text])
    database.close()

    assert FactCache(tmp_path).get(["module:1"]) == {}


def test_a_locked_cache_keeps_nobody_waiting(tmp_path):
    FactCache(tmp_path).put({"module:1": FACTS})
    with sqlite3.connect(database_in(tmp_path), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert FactCache(tmp_path).get(["module:1"]) == {}
        FactCache(tmp_path).put({"module:2": FACTS})
    other.close()


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    (tmp_path / "file").touch()

    FactCache(tmp_path / "file").put({"module:1": FACTS})

    assert FactCache(tmp_path / "file").get(["module:1"]) == {}


def test_a_cache_that_cannot_be_written_is_read(tmp_path):
    FactCache(tmp_path).put({"module:1": FACTS})
    database_in(tmp_path).chmod(0o444)
    tmp_path.chmod(0o555)

    try:
        assert FactCache(tmp_path).get(["module:1"]) == {"module:1": FACTS}
        FactCache(tmp_path).put({"module:2": FACTS})
    finally:
        tmp_path.chmod(0o755)


def test_two_processes_can_write_at_once(tmp_path):
    script = """
import sys
from pathlib import Path
from bot.planning.fact_cache import FactCache
from bot.planning.facts import Facts
for number in range(20):
    FactCache(Path(sys.argv[1])).put({f"{sys.argv[2]}:{number}": Facts()})
"""
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name], env=os.environ)
        for name in ("one", "two")
    ]

    codes = [writer.wait() for writer in writers]

    assert codes == [0, 0]
    assert FactCache(tmp_path).get(["one:0"]) in ({}, {"one:0": Facts()})
