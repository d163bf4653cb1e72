"""Whatever is killed, whenever: each webhook that was taken takes effect, once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from building.bots import Bot, make_bot
from building.repositories import make_repository
from building.waiting import wait_until
from fakes.cloud import Cloud
from fakes.github import GitHub, Pull, Repository
from hypothesis import settings

from bot.service.embedded import ensure_database, stop_database

SOAK = settings.get_current_profile_name() == "soak"
ROUNDS = 200 if SOAK else 5
PULLS = 3
NOTEBOOKS = 3


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as made:
        yield made


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(seconds=0.3, failing=frozenset({"n0.ipynb"})) as made:
        yield made


@pytest.fixture
def repository(github: GitHub, tmp_path: Path) -> Repository:
    git = make_repository(tmp_path / "git")
    git.write("README.md", "here")
    git.commit()
    for pull in range(PULLS):
        git.git("checkout", "--quiet", "-b", f"feature-{pull}", "main")
        for notebook in range(NOTEBOOKS):
            git.write(f"n{notebook}.ipynb", [f"{pull}"])
        git.commit()
    return github.add_repository("octo/science", git)


@pytest.fixture
def bot(open_path: Path, github: GitHub, cloud: Cloud, repository: Repository) -> Iterator[Bot]:
    made = make_bot(open_path, github, cloud, repository)
    made.keep()
    made.await_web()
    yield made
    made.stop()
    stop_database(made.folder / "database")


class Sender:
    """GitHub as it sends webhooks: what was not taken is sent again, and some of it twice."""

    def __init__(self, bot: Bot, chance: random.Random) -> None:
        self._bot = bot
        self._chance = chance

    def send(self, events: list[dict[str, Any]]) -> None:
        waiting = [(str(uuid.uuid4()), event) for event in events]
        waiting += self._chance.sample(waiting, k=len(waiting) // 2)
        self._chance.shuffle(waiting)
        deadline = time.monotonic() + 60
        while waiting:
            assert time.monotonic() < deadline, self._bot.log
            guid, event = waiting.pop(0)
            if self._bot.app.deliver("pull_request", event, guid=guid) not in (200, 202):
                waiting.append((guid, event))
                self._bot.await_web()


class Killer(threading.Thread):
    """Kills a process now and then and starts it again, until it is told to end."""

    def __init__(self, bot: Bot, chance: random.Random, times: int) -> None:
        super().__init__()
        self._bot = bot
        self._chance = chance
        self._times = times
        self.enough = threading.Event()

    def run(self) -> None:
        names = ["web", "postgres", *(name for name in self._bot.processes if name != "web")]
        for _ in range(self._times):
            if self.enough.wait(self._chance.uniform(0.05, 1.0)):
                break
            name = self._chance.choice(names)
            if name == "postgres":
                kill_database(self._bot)
            else:
                self._bot.kill(name)
            self._bot.keep()


def kill_database(bot: Bot) -> None:
    folder = bot.folder / "database"
    noted = folder / "postgres" / "data" / "postmaster.pid"
    os.kill(int(noted.read_text().split()[0]), signal.SIGKILL)
    ensure_database(folder)


def is_quiet(bot: Bot) -> bool:
    """Whether there is nothing left to do for the bot."""
    left = """
        SELECT (SELECT count(*) FROM deliveries WHERE state = 'waiting')
            + (SELECT count(*) FROM reviews WHERE NOT is_over OR NOT is_shown)
    """
    try:
        with psycopg.connect(bot.dsn, connect_timeout=2) as connection:
            found = connection.execute(left).fetchone()
    except psycopg.OperationalError:
        return False
    assert found
    return bool(found[0] == 0)


def check_all_is_told_once(bot: Bot, repository: Repository, pulls: list[Pull]) -> None:
    checks = repository.check_runs()
    assert {check.status for check in checks} == {"completed"}
    names = Counter((check.head_sha, check.external_id) for check in checks)
    assert set(names.values()) == {1}
    for pull in pulls:
        latest = {check.name: check.conclusion for check in repository.check_runs(pull.head_sha)}
        expected = {f"n{number}.ipynb": "success" for number in range(NOTEBOOKS)}
        assert latest == expected | {"n0.ipynb": "failure", "nbci": "failure"}
        (comment,) = repository.comments(pull)
        assert f"1 of {NOTEBOOKS} notebooks failed" in comment.body
    assert not bot.github.violations


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_share_the_work_and_the_others_do_it_all_when_one_is_lost(
    open_path, github, cloud, repository, workers
):
    bot = make_bot(open_path, github, cloud, repository, workers=workers)
    bot.keep()
    bot.await_web()
    try:
        pulls = open_pulls(repository)
        Sender(bot, random.Random(0)).send([pull.event("opened") for pull in pulls])
        wait_until(lambda: bot.cloud.begun, "the first notebook has begun")
        bot.kill("worker 0")

        wait_until(lambda: is_quiet(bot), "the others have done it all", 45)

        check_all_is_told_once(bot, repository, pulls)
        assert set(Counter(bot.cloud.begun).values()) == {1}
    finally:
        bot.stop()
        stop_database(bot.folder / "database")


def test_a_worker_that_was_asleep_writes_nothing_when_it_wakes(bot: Bot, repository: Repository):
    pulls = open_pulls(repository)
    Sender(bot, random.Random(0)).send([pull.event("opened") for pull in pulls])
    wait_until(lambda: bot.cloud.begun, "the first notebook has begun")
    asleep = bot.processes.pop("worker 0")
    os.killpg(asleep.pid, signal.SIGSTOP)
    try:
        bot.keep()
        wait_until(lambda: is_quiet(bot), "another worker has done it all", 45)
    finally:
        os.killpg(asleep.pid, signal.SIGCONT)
        asleep.terminate()
        asleep.wait(40)

    check_all_is_told_once(bot, repository, pulls)
    assert set(Counter(bot.cloud.begun).values()) == {1}


def open_pulls(repository: Repository) -> list[Pull]:
    return [
        repository.open_pull_request(head=f"feature-{number}", base="main")
        for number in range(PULLS)
    ]


def push(repository: Repository, pull: Pull) -> None:
    """Push a commit to a pull request."""
    git = repository.working
    assert git is not None
    git.git("checkout", "--quiet", pull.head_ref)
    git.write("n1.ipynb", ["'pushed'"])
    git.commit()
    pull.push()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kills_lose_nothing_and_do_nothing_twice(bot: Bot, repository: Repository, seed: int):
    chance = random.Random(seed)
    pulls = open_pulls(repository)
    killer = Killer(bot, chance, times=4)
    killer.start()
    try:
        Sender(bot, chance).send([pull.event("opened") for pull in pulls])
        push(repository, pulls[0])
        Sender(bot, chance).send([pulls[0].event("synchronize")] * 2)
        wait_until(lambda: killer.enough.is_set() or not killer.is_alive(), "the kills", 60)
    finally:
        killer.enough.set()
        killer.join()
    bot.keep()

    try:
        wait_until(lambda: is_quiet(bot), "the bot has nothing left to do", 90)
        check_all_is_told_once(bot, repository, pulls)
    except AssertionError as error:
        raise AssertionError(bot.log[-20_000:]) from error
    assert set(Counter(bot.cloud.begun).values()) == {1}
