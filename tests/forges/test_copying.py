import os
import stat

import pytest

from bot.errors import UsageError
from bot.forges.local_git import LocalRepository


@pytest.fixture
def committed(repository):
    repository.write("a.txt", "committed")
    repository.write("sub/run.sh", "#!/bin/sh\n")
    (repository.root / "sub/run.sh").chmod(0o755)
    (repository.root / "link").symlink_to("sub/run.sh")
    (repository.root / "outward").symlink_to("/etc/passwd")
    repository.write(".gitignore", "*.log\n")
    repository.commit()
    return repository


def export(repository, folder, head=None):
    checkout = LocalRepository.open(repository.root)
    checkout.export(checkout.request("HEAD", head), folder)
    return sorted(
        str(place.relative_to(folder))
        for place in folder.rglob("*")
        if place.is_symlink() or not place.is_dir()
    )


COMMITTED = [".gitignore", "a.txt", "link", "outward", "sub/run.sh"]


class TestOfTheWorkingTree:
    def test_has_what_is_on_disk_and_not_ignored(self, committed, tmp_path):
        committed.write("a.txt", "uncommitted")
        committed.write("new.txt", "untracked")
        committed.write("ignored.log", "x")

        files = export(committed, tmp_path / "copy")

        assert files == sorted([*COMMITTED, "new.txt"])
        assert (tmp_path / "copy/a.txt").read_text() == "uncommitted"

    def test_shares_nothing_with_the_original(self, committed, tmp_path):
        export(committed, tmp_path / "copy")

        (tmp_path / "copy/a.txt").write_text("overwritten")

        assert (committed.root / "a.txt").read_text() == "committed"
        assert (tmp_path / "copy/a.txt").stat().st_nlink == 1

    def test_keeps_modes_times_and_large_files(self, committed, tmp_path):
        big = os.urandom(3_000_000)
        committed.write("big", big)
        os.utime(committed.root / "sub/run.sh", (1_000_000_000, 1_000_000_000))
        (committed.root / "a.txt").chmod(0o444)

        export(committed, tmp_path / "copy")

        script = (tmp_path / "copy/sub/run.sh").stat()
        assert stat.S_IMODE(script.st_mode) == 0o755
        assert script.st_mtime == 1_000_000_000
        assert (tmp_path / "copy/big").read_bytes() == big
        assert (tmp_path / "copy/a.txt").stat().st_mode & stat.S_IWUSR


class TestOfACommit:
    def test_has_what_was_committed_and_nothing_else(self, committed, tmp_path):
        committed.write("a.txt", "uncommitted")
        committed.write("new.txt", "untracked")
        committed.git("add", "new.txt")
        index = (committed.root / ".git/index").read_bytes()

        files = export(committed, tmp_path / "copy", "HEAD")

        assert files == COMMITTED
        assert (tmp_path / "copy/a.txt").read_text() == "committed"
        assert os.access(tmp_path / "copy/sub/run.sh", os.X_OK)
        assert (committed.root / ".git/index").read_bytes() == index

    def test_works_from_a_linked_worktree(self, committed, tmp_path):
        committed.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
        checkout = LocalRepository.open(tmp_path / "linked")

        checkout.export(checkout.request("HEAD", "HEAD"), tmp_path / "copy")

        assert (tmp_path / "copy/a.txt").read_text() == "committed"

    def test_lands_in_a_folder_of_any_name(self, committed, tmp_path):
        folder = tmp_path / "-a b\n'c'"

        assert export(committed, folder, "HEAD") == COMMITTED


@pytest.mark.parametrize("head", [None, "HEAD"])
def test_symlinks_are_copied_as_such(committed, tmp_path, head):
    export(committed, tmp_path / "copy", head)

    assert (tmp_path / "copy/link").readlink().name == "run.sh"
    assert str((tmp_path / "copy/outward").readlink()) == "/etc/passwd"


@pytest.mark.parametrize("head", [None, "HEAD"])
def test_a_folder_in_use_is_left_alone(committed, tmp_path, head):
    (tmp_path / "a.txt").write_text("mine")

    with pytest.raises(UsageError, match="is not empty"):
        export(committed, tmp_path, head)

    assert (tmp_path / "a.txt").read_text() == "mine"
