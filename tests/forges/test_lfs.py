"""Large files that git has only pointers to; the program git-lfs is not needed."""

import hashlib

import pytest

from bot.forges.local_git import LocalRepository

CONTENT = b"a,b\n1,2\n" * 1000
NAME = hashlib.sha256(CONTENT).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{NAME}\nsize 8000\n"


@pytest.fixture
def committed(repository):
    repository.write(".gitattributes", "*.csv filter=lfs diff=lfs merge=lfs -text\n")
    repository.write("x.csv", POINTER)
    repository.commit()
    for key in ("clean", "smudge", "process"):
        repository.git("config", f"filter.lfs.{key}", "false")
    return repository


def changed_paths(repository):
    checkout = LocalRepository.open(repository.root)
    return [change.path for change in checkout.source(checkout.request("HEAD")).changes()]


def export(repository, folder):
    checkout = LocalRepository.open(repository.root)
    checkout.export(checkout.request("HEAD", "HEAD"), folder)
    return (folder / "x.csv").read_bytes()


def test_a_file_that_was_fetched_is_no_change(committed):
    committed.write("x.csv", CONTENT)

    assert changed_paths(committed) == []


@pytest.mark.parametrize("content", [CONTENT + b"3,4\n", POINTER.replace("8000", "8001").encode()])
def test_other_content_is_a_change(committed, content):
    committed.write("x.csv", content)

    assert changed_paths(committed) == ["x.csv"]


def test_a_symlink_in_its_place_is_a_change(committed):
    (committed.root / "x.csv").unlink()
    (committed.root / "x.csv").symlink_to("y.csv")

    assert changed_paths(committed) == ["x.csv"]


def test_the_copy_of_a_commit_has_the_content_that_was_fetched(committed, tmp_path):
    committed.write(f".git/lfs/objects/{NAME[:2]}/{NAME[2:4]}/{NAME}", CONTENT)

    assert export(committed, tmp_path / "copy") == CONTENT


def test_the_copy_of_a_commit_has_the_pointer_otherwise(committed, tmp_path):
    (committed.root / ".git/lfs/objects").mkdir(parents=True)

    assert export(committed, tmp_path / "copy") == POINTER.encode()
