"""What the Action fetches for the comparison, and what it leaves in the checkout's repository."""

import subprocess

import pytest
from building.repositories import ENVIRONMENT
from building.worlds import CHECKOUT

LARGE = "no secret, only long\n" * 50_000


@pytest.fixture(scope="module")
def fetched(new_world):
    """A job on a repository with a large file that the pull request does not touch."""
    base = {"large.csv": LARGE, "a.ipynb": ["1"], "gone.ipynb": ["2"]}
    world = new_world(base, {"a.ipynb": ["3"], "gone.ipynb": None, "new.txt": "4"})
    world.result = world.run()
    return world


def git(world, *arguments):
    asked = ["git", *arguments]
    folder = world.machine.workspace
    return subprocess.run(
        asked, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True, text=True
    ).stdout


def objects(world):
    """Return the objects of the checkout by SHA, with the time when each last arrived."""
    folder = world.machine.workspace / ".git" / "objects"
    return {path.parent.name + path.name: path.stat().st_mtime_ns for path in folder.glob("??/*")}


def test_only_what_differs_is_fetched_for_the_base(fetched):
    main = fetched.repository.branch_sha("main")
    blobs = dict(
        line.split(maxsplit=3)[:1:-1] for line in git(fetched, "ls-tree", "-r", main).splitlines()
    )
    checked_out = (fetched.machine.workspace / ".git" / "index").stat().st_mtime_ns

    # Git notes the time anew when an object that it has arrives again.
    arrived = {sha for sha, time in objects(fetched).items() if time > checked_out}

    assert arrived.intersection(blobs.values()) == {blobs["a.ipynb"], blobs["gone.ipynb"]}
    assert main in arrived
    assert blobs["large.csv"] in objects(fetched)


def test_no_promise_of_later_objects_is_left(fetched):
    config = (fetched.machine.workspace / ".git" / "config").read_text()

    assert "promisor" not in config
    assert "partialclone" not in config.lower()
    assert list((fetched.machine.workspace / ".git").rglob("*.promisor")) == []


def test_the_token_is_nowhere_in_the_checkout(fetched):
    found = [
        path
        for path in fetched.machine.workspace.rglob("*")
        if path.is_file() and fetched.token.encode() in path.read_bytes()
    ]

    assert found == []
    assert "extraheader" not in git(fetched, "config", "--list", "--local").lower()


def test_references_stay_as_they_were_checked_out(fetched):
    head = (fetched.machine.workspace / ".git" / "FETCH_HEAD").read_text()

    assert fetched.pull.merge_sha in head
    assert fetched.repository.branch_sha("main") not in head
    assert git(fetched, "for-each-ref", "--format=%(refname)").split() == [
        "refs/remotes/pull/1/merge"
    ]
    assert git(fetched, "status", "--porcelain") == ""


def test_a_checkout_that_kept_its_credentials_is_fetched_into_with_ours(new_world):
    world = new_world({"a.ipynb": ["1"]}, {"a.ipynb": ["2"]})
    world.repository.private = True

    result = world.run(checkout={"uses": CHECKOUT["uses"]})

    assert result.outcome == "success"
    assert world.conclusions() == {"nbci report": "success", "a.ipynb": "success"}


def test_a_token_that_may_not_read_the_contents_is_told_what_it_needs(new_world):
    world = new_world({"a.ipynb": ["1"]}, {"a.ipynb": ["2"]})
    world.repository.private = True
    other = world.github.token(
        world.repository, permissions={"checks": "write", "pull_requests": "write"}
    )
    checkout = {**CHECKOUT, "with": {**CHECKOUT["with"], "token": world.token}}

    result = world.run({"token": other}, checkout=checkout)

    assert result.outcome == "failure"
    assert "the token needs `contents: read`" in world.report.title + world.report.summary
