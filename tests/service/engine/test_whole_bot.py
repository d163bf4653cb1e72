"""A whole bot, a web process and a worker beside a cloud: from the webhook to what people see."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from building.bots import Bot, make_bot
from building.databases import new_database, open_folder, remove
from building.repositories import make_repository
from building.waiting import wait_until
from fakes.cloud import Cloud
from fakes.github import GitHub
from service.engine.stage import Stage

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def bot(database_server: str) -> Iterator[Bot]:
    folder = open_folder()
    with (
        GitHub() as github,
        Cloud(seconds=None) as cloud,
        new_database(database_server, "template") as dsn,
    ):
        made = make_bot(folder, github, cloud, github.add_repository("octo/nothing"), dsn=dsn)
        made.keep()
        made.await_web()
        yield made
        made.stop()
        assert not github.violations
    remove(folder)


@pytest.fixture
def stage(bot: Bot, tmp_path: Path) -> Stage:
    working = make_repository(tmp_path / "git")
    working.write("README.md", "here")
    working.commit()
    working.git("checkout", "--quiet", "-b", "feature")
    for name in "ab":
        working.write(f"{name}.ipynb", ["1"])
    working.commit()
    repository = bot.github.add_repository(f"octo/science-{next(_numbers)}", working)
    repository.add_collaborator("maria")
    bot.app.install(repository)
    return Stage(bot, repository, working)


def test_a_pull_request_is_reviewed_and_a_push_takes_its_place(stage):
    pull = stage.open()
    old = pull.head_sha
    begun = stage.await_begun(old)

    new = stage.push(pull)
    stage.tell(pull.event("synchronize"))
    stage.finish(new)

    assert stage.outcomes(begun) == {"cancelled"}
    assert f"superseded by {new[:10]}" in str(stage.await_concluded(old).title)
    assert set(stage.conclusions(old).values()) == {"cancelled"}
    assert stage.conclusions(new) == dict.fromkeys(["a.ipynb", "b.ipynb", "nbci"], "success")
    wait_until(lambda: "2 notebooks passed" in stage.living(pull).body, "the comment says so")


def test_closing_a_pull_request_ends_what_runs(stage):
    pull = stage.open()
    begun = stage.await_begun(pull.head_sha)

    pull.close()
    stage.tell(pull.event("closed"))

    assert "closed" in str(stage.await_concluded(pull.head_sha).title)
    wait_until(lambda: stage.outcomes(begun) == {"cancelled"}, "the runs were cancelled")


def test_of_a_fork_nothing_runs_but_the_commit_that_a_maintainer_has_named(stage):
    pull = stage.open(fork="stranger", author="stranger")
    approved = pull.head_sha
    assert stage.await_concluded(approved).conclusion == "action_required"
    assert f"/nbci run --sha {approved}" in str(stage.check(approved).summary)
    assert not stage.runs(approved)

    stage.say(pull, f"/nbci run --sha {approved}", "stranger")
    stage.say(pull, f"/nbci run --sha {approved}")
    stage.finish(approved, attempt=2)
    assert stage.check(approved).conclusion == "success"

    later = stage.push(pull)
    stage.tell(pull.event("synchronize"))
    assert stage.await_concluded(later).conclusion == "action_required"
    assert not stage.runs(later)


def test_comments_cancel_ask_and_run_again(stage):
    pull = stage.open()
    sha = pull.head_sha
    begun = stage.await_begun(sha)

    stage.say(pull, "/nbci cancel")
    wait_until(lambda: stage.outcomes(begun) == {"cancelled"}, "the runs were cancelled")
    assert "cancelled by maria" in str(stage.await_concluded(sha).title)

    stage.say(pull, "/nbci run")
    stage.finish(sha, attempt=2, failing=["b.ipynb"])
    stage.say(pull, "/nbci status")
    stage.await_reply(pull, "1 of 2 notebooks failed")

    stage.say(pull, "/nbci run failed")
    stage.await_begun(sha, 1, attempt=3)
    assert list(stage.runs(sha, attempt=3)) == ["b.ipynb"]
    stage.finish(sha, 1, attempt=3)
    assert stage.check(sha, "b.ipynb").conclusion == "success"


def test_buttons_run_again(stage):
    pull = stage.open()
    sha = pull.head_sha
    stage.finish(sha, failing=["b.ipynb"])

    failed = stage.check(sha, "b.ipynb")
    again = stage.repository.check_run_event(failed, "rerequested", sender="maria")
    stage.tell(again, "check_run")
    stage.finish(sha, 1, attempt=2, failing=["b.ipynb"])
    pressed = stage.repository.check_run_event(
        stage.check(sha), "requested_action", sender="maria", identifier="rerun_failed"
    )
    stage.tell(pressed, "check_run")
    stage.finish(sha, 1, attempt=3)

    assert list(stage.runs(sha, attempt=3)) == ["b.ipynb"]
    assert stage.check(sha, "b.ipynb").conclusion == "success"


def test_a_merge_group_is_reviewed(stage):
    pull = stage.repository.open_pull_request("feature", "main")
    group = stage.repository.merge_group_event(pull)

    stage.tell(group, "merge_group")
    stage.finish(group["merge_group"]["head_sha"])

    assert stage.check(group["merge_group"]["head_sha"]).conclusion == "success"
    assert not stage.repository.comments(pull)


@pytest.mark.parametrize("seed", range(2))
def test_in_whatever_order_and_however_often_the_bot_is_told_it_comes_to_the_same(stage, seed):
    pull = stage.repository.open_pull_request("feature", "main")
    told = [("opened", pull.event("opened"))]
    old = pull.head_sha
    sha = stage.push(pull)
    told += [(name, pull.event(name)) for name in ("synchronize", "ready_for_review")]
    told += random.Random(seed).choices(told, k=3)
    random.Random(seed).shuffle(told)

    for name, payload in told:
        stage.tell(payload, guid=f"{stage.repository.id}-{name}")
    stage.finish(sha)

    assert not stage.repository.check_runs(old)
    checks = Counter(check.external_id for check in stage.repository.check_runs(sha))
    assert set(checks.values()) == {1}
    assert stage.conclusions(sha) == dict.fromkeys(["a.ipynb", "b.ipynb", "nbci"], "success")
    wait_until(lambda: "2 notebooks passed" in stage.living(pull).body, "the comment says so")
