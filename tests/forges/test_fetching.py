"""Commits fetched over HTTP from the tests' GitHub, as data."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from building.hosted import NAME, Hosted, host
from building.repositories import Repository, make_repository
from building.scripted_http import scripted_server
from fakes.github import GitHub

from bot.errors import UsageError
from bot.forges.fetching import Remote, fetch_commits, parents_of
from bot.forges.fetching import make_repository as make_empty
from bot.forges.git_command import Git


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    with GitHub() as github:
        hosted = host(github, tmp_path / "work")
        hosted.repository.private = True
        yield hosted


@pytest.fixture
def remote(hosted: Hosted) -> Remote:
    return Remote(f"{hosted.github.server_url}/{NAME}", hosted.github.server_url, hosted.token)


@pytest.fixture
def empty(tmp_path: Path, hosted: Hosted) -> Git:
    make_empty(tmp_path / "empty", like=hosted.sha)
    return Git(tmp_path / "empty")


def push(hosted: Hosted, files: dict[str, bytes]) -> str:
    """Commit files to the pull request's branch and return the SHA."""
    git = hosted.repository.working
    for path, content in files.items():
        git.write(path, content)
    sha = git.commit()
    hosted.repository.sync()
    return sha


def clone(hosted: Hosted, folder: Path, *options: str) -> Git:
    """Clone the pull request's branch as actions/checkout does, and forget the token."""
    login = base64.b64encode(f"x-access-token:{hosted.token}".encode()).decode()
    make_repository(folder).git(
        "-c", f"http.extraheader=AUTHORIZATION: basic {login}",
        "fetch", "--quiet", "--no-tags", *options, hosted.repository.git_url, "feature",
    )  # fmt: skip
    Repository(folder).git("checkout", "--quiet", "FETCH_HEAD")
    return Git(folder)


def objects(git: Git) -> dict[str, str]:
    """Return the kinds of the objects that are there, by id."""
    listed = git.run("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)")
    return dict(line.split() for line in listed.decode().splitlines())


def test_a_commit_comes_with_its_files_and_without_its_history(hosted, remote, empty):
    fetch_commits(empty, remote, [hosted.sha], shallow=True)

    assert list(objects(empty).values()).count("commit") == 1
    shown = empty.text("show", f"{hosted.sha}:a.ipynb")
    assert shown == hosted.repository.files("feature")["a.ipynb"].decode().removesuffix("\n")


def test_into_a_shallow_clone_come_only_the_files_that_differ(hosted, remote, tmp_path):
    push(hosted, {f"data/{number}.bin": os.urandom(100) for number in range(50)})
    git = clone(hosted, tmp_path / "clone", "--depth=1")
    before = objects(git)
    later = push(hosted, {"data/7.bin": b"other"})

    fetch_commits(git, remote, [later], shallow=True)

    new = {name: kind for name, kind in objects(git).items() if name not in before}
    assert sorted(new.values()) == ["blob", "commit", "tree", "tree"]


def test_what_is_there_already_is_not_asked_for(hosted, remote, tmp_path):
    git = clone(hosted, tmp_path / "clone", "--depth=1")
    hosted.github.requests.clear()

    fetch_commits(git, remote, [hosted.sha, hosted.sha], shallow=True)

    assert hosted.github.requests == []


def test_a_complete_clone_stays_complete(hosted, remote, tmp_path):
    git = clone(hosted, tmp_path / "clone")
    later = push(hosted, {"b.ipynb": b"{}"})

    fetch_commits(git, remote, [later], shallow=False)

    assert git.text("rev-parse", "--is-shallow-repository") == "false"
    assert git.text("rev-list", "--count", later) == "3"


def test_the_head_of_a_fork_is_had_from_the_repository_it_is_proposed_to(hosted, remote, empty):
    hosted.repository.working.git("checkout", "--quiet", "-b", "theirs")
    sha = push(hosted, {"c.ipynb": b"{}"})
    hosted.repository.open_pull_request("theirs", fork="stranger")

    fetch_commits(empty, remote, [sha], shallow=True)

    assert empty.text("cat-file", "-t", sha) == "commit"


def test_the_token_leaves_no_trace(hosted, remote, empty):
    fetch_commits(empty, remote, [hosted.sha], shallow=True)

    login = base64.b64encode(f"x-access-token:{hosted.token}".encode())
    for path in empty.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert hosted.token.encode() not in content
        assert login not in content
    assert hosted.token not in repr(remote)
    assert not (empty.folder / ".git" / "FETCH_HEAD").exists()


def test_the_token_replaces_what_the_checkout_has_left(hosted, remote, empty):
    empty.run(
        "config", f"http.{hosted.github.server_url}/.extraheader", "AUTHORIZATION: basic eA=="
    )

    fetch_commits(empty, remote, [hosted.sha], shallow=True)

    assert hosted.sha in objects(empty)


@pytest.mark.parametrize("server", ["http://127.0.0.1:1", "https://127.0.0.1", "", "SAME"])
def test_the_token_is_shown_to_its_own_server_only(empty, hosted, server):
    with scripted_server() as other:
        other.answer(401, "no", WWW_Authenticate="Basic")
        own = other.url if server == "SAME" else server
        remote = Remote(f"{other.url}/{NAME}", own, hosted.token)

        with pytest.raises(UsageError):
            fetch_commits(empty, remote, [hosted.sha], shallow=True)

        shown = [headers for headers in other.headers if "authorization" in headers]
    assert bool(shown) == (server == "SAME")


@pytest.mark.parametrize("kind", ["ssh", "helper"])
def test_no_program_that_the_checkout_names_sees_the_token(hosted, remote, empty, tmp_path, kind):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path / 'seen'}\nexit 1\n")
    program.chmod(0o700)
    config = Repository(empty.folder).git
    if kind == "ssh":
        config("config", "url.ssh://evil.example/.insteadOf", f"{hosted.github.server_url}/")
        config("config", "core.sshCommand", str(program))
    else:
        hosted.github.expire(hosted.token)
        config("config", "credential.helper", str(program))

    with pytest.raises(UsageError):
        fetch_commits(empty, remote, [hosted.sha], shallow=True)

    assert not (tmp_path / "seen").exists()


def test_a_redirect_takes_the_token_to_no_other_host(empty, hosted):
    with scripted_server() as own, scripted_server() as other:
        other.answer(401, "no", WWW_Authenticate="Basic")
        place = other.url.replace("127.0.0.1", "localhost")
        own.answer(302, "", Location=f"{place}/x/info/refs?service=git-upload-pack")
        remote = Remote(f"{own.url}/{NAME}", own.url, hosted.token)

        with pytest.raises(UsageError):
            fetch_commits(empty, remote, [hosted.sha], shallow=True)

        assert "authorization" in own.headers[0]
        assert all("authorization" not in headers for headers in other.headers)


def test_a_commit_that_is_not_there_is_named_with_what_to_do(hosted, remote, empty):
    missing = "0123456789" * 4

    with pytest.raises(UsageError) as caught:
        fetch_commits(empty, remote, [missing], shallow=True)

    message = str(caught.value)
    assert message.startswith(f"0123456789 cannot be fetched from {remote.url}: ")
    assert message.endswith(
        "; the token needs `contents: read`, or give actions/checkout `fetch-depth: 0`"
    )


def test_a_token_that_is_not_accepted_is_not_in_the_error(hosted, empty):
    url = hosted.github.server_url.replace("://", "://me:hidden@")
    hosted.github.expire(hosted.token)
    remote = Remote(f"{url}/{NAME}", url, hosted.token)

    with pytest.raises(UsageError, match="cannot be fetched from") as caught:
        fetch_commits(empty, remote, [hosted.sha], shallow=True)

    assert hosted.token not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_repository_with_sha_256_is_fetched_from(tmp_path):
    origin = Repository(tmp_path / "origin")
    origin.root.mkdir()
    origin.git("init", "--quiet", "--object-format=sha256")
    origin.write("a.ipynb", ["1"])
    sha = origin.commit()
    make_empty(tmp_path / "empty", like=sha)
    git = Git(tmp_path / "empty")

    fetch_commits(git, Remote(str(origin.root)), [sha], shallow=True)

    assert len(sha) == 64
    assert git.text("cat-file", "-t", sha) == "commit"


def test_hooks_and_submodules_of_what_is_fetched_do_nothing(hosted, remote, empty, tmp_path):
    canary = tmp_path / "canary"
    modules = f'[submodule "x"]\n\tpath = x\n\turl = {tmp_path}/elsewhere\n'.encode()
    sha = push(hosted, {".gitmodules": modules, ".gitattributes": b"* filter=evil\n"})
    hook = empty.folder / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
    hook.chmod(0o755)

    fetch_commits(empty, remote, [sha], shallow=True)

    assert sha in objects(empty)
    assert not canary.exists()


def test_parents_are_told_even_where_they_were_not_fetched(hosted, remote, empty):
    fetch_commits(empty, remote, [hosted.sha], shallow=True)

    assert parents_of(empty, hosted.sha) == [hosted.repository.branch_sha("main")]
