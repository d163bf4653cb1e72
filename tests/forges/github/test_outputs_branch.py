"""Executed notebooks on a branch of a real repository, written through the git data API."""

from __future__ import annotations

import pytest
from building.hosted import NAME, Hosted

from bot.errors import UsageError
from bot.forges.github.api import Refused
from bot.forges.github.outputs_branch import OutputsBranch

BRANCH = "nbci-outputs"
LOST = ["500_before", "502_after", "reset_before", "reset_after", "truncated", "html"]


def branch(hosted: Hosted, name: str = BRANCH, **permissions: str) -> OutputsBranch:
    token = hosted.github.token(hosted.repository, permissions=permissions or {"contents": "write"})
    return OutputsBranch(hosted.api(token), NAME, name)


def notebooks(hosted: Hosted) -> dict[str, bytes]:
    """Return the files on the branch without its README."""
    files = hosted.repository.files(BRANCH)
    return {path: content for path, content in files.items() if path != "README.md"}


def commits(hosted: Hosted) -> int:
    return len(hosted.repository.store.git("rev-list", BRANCH).split())


def test_the_first_commit_has_no_parent_and_says_what_the_branch_is_for(hosted: Hosted):
    branch(hosted).add("pr-1/abc", {"a.ipynb": b"{}", "b.ipynb": "{ü}".encode()})

    assert commits(hosted) == 1
    assert b"Executed notebooks" in hosted.repository.files(BRANCH)["README.md"]
    assert notebooks(hosted) == {
        "pr-1/abc/a.ipynb": b"{}",
        "pr-1/abc/b.ipynb": "{ü}".encode(),
    }


def test_a_later_review_is_one_commit_beside_the_earlier_ones(hosted: Hosted):
    branch(hosted).add("pr-1/abc", {"a.ipynb": b"1"})

    branch(hosted).add("pr-2/def", {"a.ipynb": b"2"})

    assert commits(hosted) == 2
    assert notebooks(hosted) == {"pr-1/abc/a.ipynb": b"1", "pr-2/def/a.ipynb": b"2"}


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("folder", ["pr-2/def", "pr-1/abc"])
def test_of_two_writers_at_the_same_time_both_land(hosted: Hosted, there, folder):
    if there:
        branch(hosted).add("pr-9/xyz", {"z.ipynb": b"z"})
    done = []

    def interfering(request) -> None:
        if "/git/refs" in request.path and request.method != "GET" and not done:
            done.append(True)
            branch(hosted).add(folder, {"b.ipynb": b"b"})

    hosted.github.before_request(interfering)
    branch(hosted).add("pr-1/abc", {"a.ipynb": b"a"})

    assert {"pr-1/abc/a.ipynb", f"{folder}/b.ipynb"} <= set(notebooks(hosted))
    assert commits(hosted) == 2 + there


def test_a_branch_that_never_holds_still_is_given_up(hosted: Hosted):
    writer = branch(hosted)
    writer.add("pr-1/abc", {"a.ipynb": b"a"})
    store = hosted.repository.store

    def interfering(request) -> None:
        if request.method == "PATCH":
            tip = hosted.repository.branch_sha(BRANCH)
            tree = store.commit(tip).tree
            store.set_ref(f"refs/heads/{BRANCH}", store.write_commit(tree, (tip,), "again"))

    hosted.github.before_request(interfering)

    with pytest.raises(UsageError, match="changes faster than it can be written"):
        writer.add("pr-2/abc", {"a.ipynb": b"a"})


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("path", ["/git/trees", "/git/commits", "/git/refs"])
def test_lost_answers_change_nothing(hosted: Hosted, kind, path):
    branch(hosted).add("pr-1/abc", {"a.ipynb": b"a"})
    hosted.github.fault(kind, path=path, times=2)

    branch(hosted).add("pr-2/def", {"b.ipynb": b"b"})

    assert notebooks(hosted) == {"pr-1/abc/a.ipynb": b"a", "pr-2/def/b.ipynb": b"b"}
    assert commits(hosted) == 2


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_the_first_commit_makes_no_second(hosted: Hosted, kind):
    hosted.github.fault(kind, method="POST", path="/git/refs", times=2)

    branch(hosted).add("pr-1/abc", {"a.ipynb": b"a"})

    assert commits(hosted) == 1


def test_hundreds_of_files_are_sent_in_portions_and_are_one_commit(hosted: Hosted):
    files = {f"n{number}.ipynb": str(number).encode() for number in range(250)}

    branch(hosted).add("pr-1/abc", files)

    assert notebooks(hosted) == {f"pr-1/abc/{name}": data for name, data in files.items()}
    assert commits(hosted) == 1
    assert hosted.asked("POST", "git/create-tree") == 3


def test_large_files_are_sent_apart(hosted: Hosted):
    files = {f"n{number}.ipynb": b"%d" % number * 5_000_000 for number in range(2)}

    branch(hosted).add("pr-1/abc", files)

    assert notebooks(hosted) == {f"pr-1/abc/{name}": data for name, data in files.items()}
    assert hosted.asked("POST", "git/create-tree") == 2


def test_pruning_leaves_one_commit_without_parents(hosted: Hosted):
    for number in (1, 2, 3):
        branch(hosted).add(f"pr-{number}/abc", {"a.ipynb": b"%d" % number})

    removed = branch(hosted).prune(lambda name: name == "pr-2")

    assert sorted(removed) == ["pr-1", "pr-3"]
    assert notebooks(hosted) == {"pr-2/abc/a.ipynb": b"2"}
    assert "README.md" in hosted.repository.files(BRANCH)
    assert commits(hosted) == 1


def test_after_everything_was_pruned_the_branch_can_be_written_again(hosted: Hosted):
    branch(hosted).add("pr-1/abc", {"a.ipynb": b"1"})
    branch(hosted).prune(lambda _: False)
    emptied = notebooks(hosted)

    branch(hosted).add("pr-2/abc", {"a.ipynb": b"2"})

    assert emptied == {}
    assert notebooks(hosted) == {"pr-2/abc/a.ipynb": b"2"}


def test_pruning_what_is_not_there_writes_nothing(hosted: Hosted):
    without_branch = branch(hosted).prune(lambda _: False)
    branch(hosted).add("pr-1/abc", {"a.ipynb": b"1"})
    written = len(hosted.written_at)

    with_nothing_old = branch(hosted).prune(lambda _: True)

    assert (without_branch, with_nothing_old) == ([], [])
    assert len(hosted.written_at) == written


def test_what_is_written_while_it_is_pruned_is_kept(hosted: Hosted):
    branch(hosted).add("pr-1/abc", {"a.ipynb": b"1"})
    done = []

    def interfering(request) -> None:
        if request.method == "POST" and request.path.endswith("/git/commits") and not done:
            done.append(True)
            branch(hosted).add("pr-2/def", {"b.ipynb": b"2"})

    hosted.github.before_request(interfering)
    branch(hosted).prune(lambda name: name != "pr-1")

    assert notebooks(hosted) == {"pr-2/def/b.ipynb": b"2"}


@pytest.mark.parametrize("name", ["feature", "main"])
def test_a_branch_with_other_files_is_not_touched(hosted: Hosted, name):
    before = hosted.repository.branch_sha(name)
    outputs = branch(hosted, name)

    with pytest.raises(
        UsageError, match=r"it holds a\.ipynb; name a branch that does not exist yet"
    ):
        outputs.add("pr-1/abc", {"a.ipynb": b"1"})
    with pytest.raises(UsageError, match="not one of nbci's outputs"):
        outputs.prune(lambda _: False)

    assert hosted.repository.branch_sha(name) == before


def test_the_default_branch_is_not_touched_even_where_it_holds_a_readme_only(hosted: Hosted):
    branch(hosted).add("pr-1/abc", {"a.ipynb": b"1"})
    branch(hosted).prune(lambda _: False)
    hosted.repository.default_branch = BRANCH

    with pytest.raises(UsageError, match="it is the repository's default branch"):
        branch(hosted).add("pr-1/abc", {"a.ipynb": b"1"})


def test_a_branch_name_with_slashes_and_signs_is_one_name(hosted: Hosted):
    name = "nbci/out#puts"

    branch(hosted, name).add("pr-1/abc", {"a.ipynb": b"1"})
    branch(hosted, name).add("pr-2/abc", {"a.ipynb": b"2"})

    assert len(hosted.repository.files(name)) == 3


def test_a_token_that_may_not_write_is_told_the_permission(hosted: Hosted):
    with pytest.raises(Refused, match="`contents: write`"):
        branch(hosted, contents="read").add("pr-1/abc", {"a.ipynb": b"1"})
