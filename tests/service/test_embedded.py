from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
from building.waiting import wait_until

from bot.errors import UsageError
from bot.service.embedded import ensure_database, stop_database

ENSURE = """
import sys
from pathlib import Path
from bot.service.embedded import ensure_database
print(ensure_database(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data_dir(open_path: Path) -> Path:
    return open_path / "data"


def ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def keep(dsn: str, what: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (what text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [what])


def postmaster(data_dir: Path) -> psutil.Process:
    noted = data_dir / "postgres" / "data" / "postmaster.pid"
    return psutil.Process(int(noted.read_text().splitlines()[0]))


def kill_all(data_dir: Path) -> None:
    """Kill a server and what belongs to it, as a machine does that goes out."""
    server = postmaster(data_dir)
    for process in [server, *server.children()]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs([server])


def start_elsewhere(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ENSURE, data_dir],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def dsn_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_processes_that_start_at_once_share_one_server(data_dir):
    processes = [start_elsewhere(data_dir) for _ in range(3)]

    dsns = {dsn_of(process) for process in processes}

    assert len(dsns) == 1
    keep(dsns.pop(), "by one of them")
    for process in processes:
        process.communicate()
    assert ask(ensure_database(data_dir), "SELECT what FROM kept") == "by one of them"


def test_the_server_outlives_the_killing_of_who_started_it(data_dir):
    process = start_elsewhere(data_dir)
    dsn = dsn_of(process)
    began = ask(dsn, "SELECT pg_postmaster_start_time()::text")

    process.kill()
    process.communicate()

    assert ask(ensure_database(data_dir), "SELECT pg_postmaster_start_time()::text") == began


def test_a_killed_server_is_started_again_and_has_lost_nothing(data_dir):
    dsn = ensure_database(data_dir)
    keep(dsn, "committed")

    postmaster(data_dir).kill()
    again = ensure_database(data_dir)

    assert again == dsn
    assert ask(again, "SELECT what FROM kept") == "committed"


def test_a_dead_server_is_not_taken_for_the_process_that_has_its_id_now(data_dir):
    keep(ensure_database(data_dir), "committed")
    owner = (data_dir / "postgres").stat().st_uid
    kill_all(data_dir)
    noted = data_dir / "postgres" / "data" / "postmaster.pid"
    with subprocess.Popen(["sleep", "600"], user=owner if os.geteuid() == 0 else None) as other:
        lines = noted.read_text().splitlines(keepends=True)
        noted.write_text("".join([f"{other.pid}\n", *lines[1:]]))

        stop_database(data_dir)
        dsn = ensure_database(data_dir)

        assert ask(dsn, "SELECT what FROM kept") == "committed"
        assert other.poll() is None
        other.kill()


def test_an_emptied_note_of_the_server_that_ran_does_not_keep_the_next_from_starting(data_dir):
    ensure_database(data_dir)
    kill_all(data_dir)
    (data_dir / "postgres" / "data" / "postmaster.pid").write_text("")

    dsn = ensure_database(data_dir)

    assert ask(dsn, "SELECT 1") == 1


def test_files_that_were_only_half_made_are_made_anew(data_dir):
    ensure_database(data_dir)
    stop_database(data_dir)
    home = data_dir / "postgres"
    (home / "data").rename(home / "data.new")
    (home / "data.new" / "global" / "pg_control").unlink()

    dsn = ensure_database(data_dir)

    assert ask(dsn, "SELECT 1") == 1


def test_a_stopped_server_does_not_answer_and_stopping_it_again_is_fine(data_dir):
    stop_database(data_dir)
    dsn = ensure_database(data_dir)

    stop_database(data_dir)
    stop_database(data_dir)

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


def test_only_who_runs_it_can_reach_the_server(data_dir):
    dsn = ensure_database(data_dir)

    found = (data_dir / "postgres" / ".s.PGSQL.5432").stat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "postgres").stat().st_mode) == 0o700
    assert ask(dsn, "SHOW listen_addresses") == ""
    assert not postmaster(data_dir).net_connections("inet")


def test_what_is_committed_is_on_the_disk(data_dir):
    dsn = ensure_database(data_dir)

    assert ask(dsn, "SHOW fsync") == "on"
    assert ask(dsn, "SHOW synchronous_commit") == "on"
    assert ask(dsn, "SHOW data_checksums") == "on"


def test_nothing_of_our_environment_gets_to_the_server(data_dir, monkeypatch):
    monkeypatch.setenv("NBCI_WEBHOOK_SECRET", "canary")
    monkeypatch.setenv("PGPORT", "1")

    dsn = ensure_database(data_dir)

    assert "canary" not in str(postmaster(data_dir).environ())
    assert ask(dsn, "SELECT 1") == 1


@pytest.mark.parametrize(
    "name", ["-D $(touch canary) `touch canary` '\"; 100% back\\slash", "ü" * 60]
)
def test_any_path_will_do(open_path, name):
    data_dir = open_path / "data" / name

    dsn = ensure_database(data_dir)

    assert ask(dsn, "SELECT 1") == 1
    stop_database(data_dir)
    assert not list(open_path.rglob("canary"))
    assert not Path(psycopg.conninfo.conninfo_to_dict(dsn)["host"], ".s.PGSQL.5432").exists()


def test_a_socket_folder_of_somebody_else_is_not_used(open_path):
    data_dir = open_path / "data" / ("long" * 30)
    dsn = ensure_database(data_dir)
    stop_database(data_dir)
    sockets = Path(psycopg.conninfo.conninfo_to_dict(dsn)["host"])
    sockets.mkdir()
    sockets.chmod(0o777)

    with pytest.raises(UsageError) as caught:
        ensure_database(data_dir)

    assert str(caught.value) == (
        f"{sockets}: is to hold the database's socket, and is somebody else's or open to others:"
        " remove it, or set NBCI_DATA_DIR to a path of under 80 bytes"
    )
    shutil.rmtree(sockets)


def test_files_of_another_postgresql_are_left_alone(data_dir):
    cluster = data_dir / "postgres" / "data"
    ensure_database(data_dir)
    stop_database(data_dir)
    (cluster / "PG_VERSION").write_text("16\n")

    with pytest.raises(UsageError, match="was made by PostgreSQL 16, this version of nbci brings"):
        ensure_database(data_dir)


def test_a_data_folder_that_cannot_be_made_is_named(open_path):
    (open_path / "file").write_text("")

    with pytest.raises(UsageError) as caught:
        ensure_database(open_path / "file" / "data")

    assert str(caught.value) == f"NBCI_DATA_DIR: {open_path}/file/data: Not a directory"


if os.geteuid() == 0:

    def test_the_server_is_led_through_folders_that_stay_closed_to_its_user(open_path):
        closed = open_path / "closed"
        closed.mkdir(mode=0o700)

        dsn = ensure_database(closed / "data")
        try:
            with psycopg.connect(dsn) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            assert postmaster(closed / "data").uids().effective != 0
        finally:
            stop_database(closed / "data")

        assert stat.S_IMODE(closed.stat().st_mode) == 0o700

    def test_without_a_way_to_be_led_it_is_said_which_folder_is_closed(open_path, monkeypatch):
        closed = open_path / "closed"
        closed.mkdir(mode=0o700)
        monkeypatch.setenv("PATH", "/nonexistent")

        with pytest.raises(UsageError) as caught:
            ensure_database(closed / "data")

        assert str(caught.value).startswith(f"{closed}: cannot be passed by user ")

    def test_the_server_is_run_by_who_owns_its_files(data_dir):
        nobody = pwd.getpwnam("nobody")
        home = data_dir / "postgres"
        home.mkdir(parents=True, mode=0o700)
        os.chown(home, nobody.pw_uid, nobody.pw_gid)

        ensure_database(data_dir)

        assert postmaster(data_dir).username() == "nobody"


def test_a_server_that_does_not_answer_yet_is_waited_for(data_dir):
    dsn = ensure_database(data_dir)
    kill_all(data_dir)
    process = start_elsewhere(data_dir)
    wait_until((data_dir / "postgres" / "lock").exists, "the other has begun")

    assert ensure_database(data_dir) == dsn
    process.send_signal(signal.SIGKILL)
    process.communicate()
