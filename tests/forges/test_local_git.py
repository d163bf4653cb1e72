import os
import subprocess
from pathlib import Path

import pytest
from building.repositories import ENVIRONMENT, Repository, make_repository

from bot.errors import UsageError
from bot.forges.local_git import LocalRepository
from bot.forges.opening import open_checkout


def clone(origin: Repository, folder: Path, *options: str) -> Repository:
    subprocess.run(
        ["git", "clone", "--quiet", *options, f"file://{origin.root}", str(folder)],
        env=ENVIRONMENT,
        check=True,
    )
    return Repository(folder)


@pytest.fixture
def branched(repository: Repository) -> Repository:
    """main, and a branch `feature` that left it before its last commit."""
    repository.write("a.ipynb", ["1"])
    repository.commit()
    repository.git("switch", "--quiet", "--create", "feature")
    repository.write("b.ipynb", ["2"])
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.write("c.ipynb", ["3"])
    repository.commit()
    repository.git("switch", "--quiet", "feature")
    return repository


def changed_paths(root: Path, base: str | None = None, head: str | None = None) -> list[str]:
    checkout = LocalRepository.open(root)
    request = checkout.request(base, head)
    return [change.path for change in checkout.source(request).changes()]


class TestOpening:
    def test_a_subfolder_finds_the_top(self, branched):
        branched.write("deep/er/d.ipynb", [])

        checkout = LocalRepository.open(branched.root / "deep/er")

        assert checkout.root == branched.root

    def test_a_linked_worktree_is_a_repository_of_its_own(self, branched, tmp_path):
        branched.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "main")

        checkout = LocalRepository.open(tmp_path / "linked")

        assert checkout.root == tmp_path / "linked"
        assert checkout.request().ref == "main"

    def test_a_hook_that_says_where_its_repository_is_changes_nothing(self, branched, monkeypatch):
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")

        assert changed_paths(branched.root) == ["b.ipynb"]

    def test_a_folder_outside_of_git_is_a_plain_folder(self, tmp_path):
        checkout = open_checkout(tmp_path)

        assert checkout.root == tmp_path
        with pytest.raises(UsageError, match="in no git repository"):
            LocalRepository.open(tmp_path)

    def test_a_folder_that_is_not_there_is_said(self, tmp_path):
        with pytest.raises(UsageError, match="no such folder"):
            open_checkout(tmp_path / "missing")

    def test_a_bare_repository_is_said(self, tmp_path):
        make_repository(tmp_path / "bare").git("config", "core.bare", "true")

        with pytest.raises(UsageError, match="bare repository"):
            open_checkout(tmp_path / "bare")

    def test_the_inside_of_git_is_said(self, repository):
        with pytest.raises(UsageError, match=r"inside \.git"):
            open_checkout(repository.root / ".git")

    def test_a_missing_git_is_said(self, repository, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(UsageError, match="git is not installed"):
            open_checkout(repository.root)

    def test_a_plain_folder_needs_no_git(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))

        assert open_checkout(tmp_path).root == tmp_path

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_a_repository_of_another_user_is_said_with_the_cure(self, repository):
        for place in [repository.root, *repository.root.rglob("*")]:
            os.chown(place, 12345, 12345)

        with pytest.raises(UsageError) as caught:
            open_checkout(repository.root)

        assert "another user owns it" in str(caught.value)
        assert "git config --global --add safe.directory" in str(caught.value)


class TestIdentity:
    @pytest.mark.parametrize(
        ("url", "identity"),
        [
            ("https://user:ghs_secret@example.org/o/r.git", "https://example.org/o/r.git"),
            ("https://example.org/o/r.git?token=secret#x", "https://example.org/o/r.git"),
            ("ssh://git@example.org:22/o/r.git", "ssh://example.org:22/o/r.git"),
            ("git@example.org:o/r.git", "git@example.org:o/r.git"),
        ],
    )
    def test_is_the_remote_without_credentials(self, repository, url, identity):
        repository.git("remote", "add", "origin", url)

        assert LocalRepository.open(repository.root).identity == identity

    def test_prefers_origin(self, repository):
        repository.git("remote", "add", "fork", "https://example.org/fork")
        repository.git("remote", "add", "origin", "https://example.org/origin")

        assert LocalRepository.open(repository.root).identity == "https://example.org/origin"

    @pytest.mark.parametrize("url", ["", "https://[broken/o/r"])
    def test_is_the_folder_without_a_usable_remote(self, repository, url):
        repository.git("config", "remote.origin.url", url)

        assert LocalRepository.open(repository.root).identity == str(repository.root)


class TestBase:
    def test_is_where_the_head_left_the_branch(self, branched):
        request = LocalRepository.open(branched.root).request("main")

        assert request.base == branched.git("merge-base", "main", "feature")
        assert changed_paths(branched.root, "main") == ["b.ipynb"]

    def test_is_main_by_default(self, branched):
        assert changed_paths(branched.root) == ["b.ipynb"]

    def test_is_the_upstream_default_branch_before_a_local_one(self, branched, tmp_path):
        branched.git("switch", "--quiet", "main")
        copy = clone(branched, tmp_path / "clone")
        copy.git("switch", "--quiet", "--create", "topic")
        copy.write("d.ipynb", [])
        copy.commit()
        copy.git("branch", "--force", "main", "topic")

        assert changed_paths(copy.root) == ["d.ipynb"]

    def test_on_main_with_nothing_ahead_only_uncommitted_changes_count(self, branched):
        branched.git("switch", "--quiet", "main")
        branched.write("new.ipynb", [])

        assert changed_paths(branched.root) == ["new.ipynb"]

    def test_unpushed_commits_on_main_count(self, branched, tmp_path):
        branched.git("switch", "--quiet", "main")
        copy = clone(branched, tmp_path / "clone")
        copy.write("new.ipynb", [])
        copy.commit()

        assert changed_paths(copy.root) == ["new.ipynb"]

    def test_a_detached_head_is_compared_with_main(self, branched):
        branched.git("checkout", "--quiet", "--detach", "feature")

        request = LocalRepository.open(branched.root).request()

        assert changed_paths(branched.root) == ["b.ipynb"]
        assert request.ref == ""

    def test_a_single_branch_of_any_name_is_compared_with_itself(self, repository):
        repository.git("switch", "--quiet", "--create", "trunk")
        repository.write("a.ipynb", [])
        repository.commit()
        repository.write("b.ipynb", [])

        assert changed_paths(repository.root) == ["b.ipynb"]

    def test_init_default_branch_is_known(self, branched):
        branched.git("branch", "--move", "main", "develop")
        branched.git("config", "init.defaultBranch", "develop")

        assert changed_paths(branched.root) == ["b.ipynb"]

    def test_branches_of_which_none_is_the_default_are_no_guess(self, branched):
        branched.git("branch", "--move", "main", "develop")

        with pytest.raises(UsageError, match="--base"):
            LocalRepository.open(branched.root).request()

    def test_before_the_first_commit_everything_is_new(self, repository):
        repository.write("a.ipynb", ["1"])
        repository.write("staged.ipynb", ["2"])
        repository.git("add", "staged.ipynb")

        request = LocalRepository.open(repository.root).request()

        assert request.base is None
        assert changed_paths(repository.root) == ["a.ipynb", "staged.ipynb"]

    def test_is_not_needed_for_notebooks_by_name(self, branched):
        branched.git("branch", "--move", "main", "develop")

        request = LocalRepository.open(branched.root).request(notebooks=["a.ipynb"])

        assert request.base is None

    def test_histories_without_a_common_commit_are_said(self, branched):
        branched.git("switch", "--quiet", "--orphan", "other")
        branched.commit()

        with pytest.raises(UsageError, match="no commit in common"):
            LocalRepository.open(branched.root).request("main")


class TestNames:
    @pytest.mark.parametrize("name", ["nope", "--output=/tmp/x", "-h", "", "a\0b", "a\nb", "x^{"])
    def test_what_means_nothing_is_named(self, branched, name):
        with pytest.raises(UsageError, match="no branch, tag or commit"):
            LocalRepository.open(branched.root).request(name)

    @pytest.mark.parametrize("name", ["feature", "HEAD", "HEAD~0", "v1", "refs/heads/feature"])
    def test_become_the_sha_of_a_commit(self, branched, name):
        branched.git("tag", "--annotate", "--message=one", "v1")

        request = LocalRepository.open(branched.root).request("main", name)

        assert request.head == branched.git("rev-parse", "feature")

    def test_a_file_is_no_commit(self, branched):
        with pytest.raises(UsageError, match="no branch, tag or commit"):
            LocalRepository.open(branched.root).request("main", "HEAD:a.ipynb")

    def test_a_replaced_commit_is_taken_as_it_was(self, branched):
        sha = branched.git("rev-parse", "feature")
        branched.git("replace", sha, "main")

        source = LocalRepository.open(branched.root)

        request = source.request("feature~1", "feature")
        assert [entry.path for entry in source.source(request).entries()] == ["a.ipynb", "b.ipynb"]


class TestShallowClones:
    def test_a_missing_base_says_how_to_get_it(self, branched, tmp_path):
        branched.git("switch", "--quiet", "main")
        copy = clone(branched, tmp_path / "clone", "--depth=1", "--branch=feature")

        with pytest.raises(UsageError, match=r"git fetch --unshallow.*fetch-depth: 0"):
            LocalRepository.open(copy.root).request()

    def test_a_missing_name_says_how_to_get_it(self, branched, tmp_path):
        copy = clone(branched, tmp_path / "clone", "--depth=1", "--branch=feature")

        with pytest.raises(UsageError, match=r"main.*git fetch --unshallow"):
            LocalRepository.open(copy.root).request("main")

    def test_a_missing_merge_base_says_how_to_get_it(self, branched, tmp_path):
        copy = clone(branched, tmp_path / "clone", "--depth=1", "--no-single-branch")

        with pytest.raises(UsageError, match=r"no commit in common.*git fetch --unshallow"):
            LocalRepository.open(copy.root).request("origin/main", "origin/feature")

    def test_uncommitted_changes_need_no_history(self, branched, tmp_path):
        branched.git("switch", "--quiet", "main")
        copy = clone(branched, tmp_path / "clone", "--depth=1")
        copy.write("a.ipynb", ["changed"])

        assert changed_paths(copy.root) == ["a.ipynb"]


class TestDescription:
    def test_of_a_working_tree(self, branched):
        checkout = LocalRepository.open(branched.root)

        line = checkout.describe(request := checkout.request())

        assert line == (
            f"Working tree of {branched.root} (uncommitted changes included)"
            f" against main at {request.base[:7]}"
        )

    def test_of_a_commit(self, branched):
        checkout = LocalRepository.open(branched.root)

        line = checkout.describe(request := checkout.request("main", "feature"))

        assert line == (
            f"Commit {request.head[:7]} (feature) against main at {request.base[:7]},"
            " and nothing else"
        )

    def test_of_a_repository_without_commits(self, repository):
        checkout = LocalRepository.open(repository.root)

        assert "everything is new" in checkout.describe(checkout.request())

    def test_has_one_line_whatever_the_folder_is_called(self, tmp_path):
        repository = make_repository(tmp_path / "two\nlines\u202e")
        checkout = LocalRepository.open(repository.root)

        assert checkout.root == repository.root
        assert checkout.describe(checkout.request()).isprintable()


def test_looking_at_a_repository_does_not_touch_it(branched):
    branched.write("a.ipynb", ["changed"])
    branched.write("new.ipynb", [])
    os.utime(branched.root / "b.ipynb", (1, 1))
    before = {place: place.stat().st_mtime_ns for place in branched.root.rglob("*")}
    checkout = LocalRepository.open(branched.root)
    source = checkout.source(checkout.request())

    source.entries()
    source.changes()

    assert {place: place.stat().st_mtime_ns for place in branched.root.rglob("*")} == before


def test_a_sha256_repository_is_read(tmp_path):
    repository = Repository(tmp_path)
    repository.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    repository.write("a.ipynb", ["1"])
    repository.commit()
    (repository.root / "a.ipynb").chmod(0o755)
    repository.write("b.ipynb", ["2"])
    checkout = LocalRepository.open(tmp_path)

    changes = checkout.source(checkout.request()).changes()

    assert [(change.path, change.kind) for change in changes] == [
        ("a.ipynb", "mode"),
        ("b.ipynb", "added"),
    ]
