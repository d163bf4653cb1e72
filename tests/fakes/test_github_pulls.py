"""Pull requests of the fake GitHub, their files, and what lies between commits."""

from __future__ import annotations

import pytest
from building.repositories import make_repository
from github import UnknownObjectException


@pytest.fixture
def client_repo(connect, repo, token):
    return connect(token).get_repo("octo/demo")


def test_a_pull_request_is_its_branches_and_their_merge(repo, pull, working, client_repo):
    found = client_repo.get_pull(pull.number)

    assert found.head.sha == working.git("rev-parse", "feature")
    assert found.base.sha == working.git("rev-parse", "main")
    assert (found.head.ref, found.base.ref, found.head.label) == ("feature", "main", "octo:feature")
    assert found.head.repo.id == found.base.repo.id == repo.id
    assert (found.commits, found.changed_files, found.mergeable) == (1, 2, True)
    merge = repo.store.commit(found.merge_commit_sha)
    assert merge.parents == (found.base.sha, found.head.sha)
    assert repo.store.ref("refs/pull/1/head") == found.head.sha
    assert repo.store.ref("refs/pull/1/merge") == found.merge_commit_sha


def test_new_commits_are_taken_over_when_pushed(pull, working, client_repo):
    before = pull.head_sha
    sha = working.commit("more")
    assert client_repo.get_pull(1).head.sha == before

    assert pull.push() == sha

    assert client_repo.get_pull(1).head.sha == sha
    event = pull.event("synchronize")
    assert (event["before"], event["after"]) == (before, sha)


def test_a_forced_push_is_taken_over(repo, pull, working, client_repo):
    before = pull.head_sha
    working.git("commit", "--quiet", "--amend", "--message", "again")

    after = pull.push()

    assert after != before
    assert client_repo.get_pull(1).head.sha == after
    assert repo.store.has(before)


def test_branches_that_conflict_cannot_be_merged(repo, pull, working, client_repo):
    working.git("switch", "--quiet", "main")
    working.write("a.ipynb", ["something else"])
    working.commit("conflict")

    pull.push()

    assert client_repo.get_pull(1).mergeable is False
    assert client_repo.get_pull(1).merge_commit_sha is None
    assert repo.store.ref("refs/pull/1/merge") is None


def test_a_merged_pull_request_moves_its_base(repo, pull, client_repo):
    pull.close(merged=True)

    found = client_repo.get_pull(1)
    assert (found.state, found.merged) == ("closed", True)
    assert repo.branch_sha("main") == pull.merge_sha
    assert pull.event("closed")["pull_request"]["merged"] is True


def test_a_forks_commits_are_in_the_repository_but_its_branch_is_not(repo, working, client_repo):
    pull = repo.open_pull_request("feature", fork="stranger", author="stranger")

    found = client_repo.get_pull(1)
    assert found.head.repo.full_name == "stranger/demo"
    assert found.head.repo.fork is True
    assert found.head.repo.id != found.base.repo.id
    assert repo.store.has(pull.head_sha)
    assert [branch.name for branch in repo.store.refs("refs/heads/")] == ["refs/heads/main"]
    sha = working.commit("more")
    assert pull.push() == sha
    assert repo.store.ref("refs/heads/feature") is None
    assert client_repo.compare("main", "stranger:feature").total_commits == 2


def test_a_fork_may_be_a_repository_of_its_own(repo, working, tmp_path, client_repo):
    working.git("clone", "--quiet", "--branch=feature", ".", str(tmp_path / "fork"))
    theirs = make_repository(tmp_path / "fork")
    theirs.git("switch", "--quiet", "--create", "theirs")
    theirs.write("c.ipynb", ["4"])
    sha = theirs.commit("theirs")

    pull = repo.open_pull_request("theirs", fork=theirs, author="stranger")

    assert client_repo.get_pull(pull.number).head.sha == sha
    assert client_repo.get_git_commit(sha).message == "theirs"


def test_a_deleted_fork_is_null(repo, raw):
    pull = repo.open_pull_request("feature", fork="stranger", author="stranger")

    pull.delete_fork()

    assert raw.ask("GET", "/repos/octo/demo/pulls/1").json()["head"]["repo"] is None
    assert pull.event("closed")["pull_request"]["head"]["repo"] is None


def test_pull_requests_are_listed_by_state_and_page(repo, pull, client_repo):
    numbers = [repo.open_pull_request("feature").number for _ in range(34)]
    pull.close()

    assert [item.number for item in client_repo.get_pulls()] == list(reversed(numbers))
    assert [item.number for item in client_repo.get_pulls(state="closed")] == [pull.number]
    assert client_repo.get_pulls(state="all").totalCount == 35


def test_files_are_listed_with_what_happened_to_them(repo, working, client_repo):
    working.git("switch", "--quiet", "main")
    working.write("gone.txt", "gone\n")
    working.write("old name.ipynb", ["x = 1", "y = 2", "z = 3"])
    working.commit("before")
    working.git("switch", "--quiet", "--create", "topic")
    working.git("rm", "--quiet", "gone.txt")
    working.git("mv", "old name.ipynb", "new näme.ipynb")
    working.write("lib/tool.py", "x = 1\ny = 2\n")
    working.write("data.bin", b"\0\1")
    working.commit("all kinds")

    pull = repo.open_pull_request("topic")

    files = {item.filename: item for item in client_repo.get_pull(pull.number).get_files()}
    assert {name: item.status for name, item in files.items()} == {
        "data.bin": "added",
        "gone.txt": "removed",
        "lib/tool.py": "modified",
        "new näme.ipynb": "renamed",
    }
    assert files["new näme.ipynb"].previous_filename == "old name.ipynb"
    assert (files["lib/tool.py"].additions, files["lib/tool.py"].deletions) == (1, 0)
    assert files["lib/tool.py"].sha == working.git("rev-parse", "topic:lib/tool.py")


def test_files_beyond_the_limit_are_left_out_though_counted(fake, repo, working, client_repo):
    fake.limits.pull_files = 130
    fake.limits.compare_files = 20
    for number in range(200):
        working.write(f"many/{number:03}.txt", f"{number}")
    working.commit("many")

    found = client_repo.get_pull(repo.open_pull_request("feature").number)

    assert len([item.filename for item in found.get_files()]) == 130
    assert found.changed_files == 202
    assert len(client_repo.compare("main", "feature").files) == 20


def test_a_comparison_starts_where_the_branches_parted(repo, working, client_repo):
    parted = working.git("rev-parse", "main")
    working.git("switch", "--quiet", "main")
    working.write("main.txt", "x")
    working.commit("main goes on")
    repo.sync()

    found = client_repo.compare("main", "feature")

    assert (found.status, found.ahead_by, found.behind_by) == ("diverged", 1, 1)
    assert found.merge_base_commit.sha == parted
    assert [item.filename for item in found.files] == ["a.ipynb", "b.ipynb"]
    assert client_repo.compare("main", "main").status == "identical"


def test_a_comparisons_commits_come_in_pages_and_its_files_on_the_first(repo, working, raw):
    for number in range(5):
        working.commit(f"number {number}")
    repo.sync()
    path = "/repos/octo/demo/compare/main...feature?per_page=4"

    first, second = raw.ask("GET", path), raw.ask("GET", f"{path}&page=2")

    messages = [
        item["commit"]["message"] for page in (first, second) for item in page.json()["commits"]
    ]
    assert messages == ["work", *(f"number {number}" for number in range(5))]
    assert len(first.json()["files"]) == 2
    assert second.json()["files"] == []
    assert first.links["next"]["url"].endswith("page=2")


def test_what_is_not_there_is_not_found(repo, client_repo):
    with pytest.raises(UnknownObjectException):
        client_repo.compare("main", "nowhere")
    with pytest.raises(UnknownObjectException):
        client_repo.get_pull(99)
