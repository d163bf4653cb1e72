import pytest

from bot.errors import UsageError
from bot.forges.opening import open_checkout
from bot.planning.source import EntryKind


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "folder"
    for path in ("a.ipynb", "sub/b.ipynb", ".hidden/c.ipynb", "venv/lib/d.py", "__pycache__/e.pyc"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    (root / "venv/pyvenv.cfg").touch()
    (root / "sub/link").symlink_to("/etc")
    return root


def test_all_its_files_are_there_but_for_hidden_and_installed_ones(folder):
    checkout = open_checkout(folder)

    source = checkout.source(checkout.request(everything=True))

    assert [entry.path for entry in source.entries()] == ["a.ipynb", "sub/b.ipynb", "sub/link"]
    assert source.find("sub/link").kind is EntryKind.SYMLINK
    assert dict(source.read(["a.ipynb"])) == {"a.ipynb": b"a.ipynb"}


def test_its_changes_cannot_be_told(folder):
    with pytest.raises(UsageError, match="name notebooks or folders, or say --all"):
        open_checkout(folder).request()


@pytest.mark.parametrize("names", [{"base": "main"}, {"head": "main"}])
def test_it_has_no_commits(folder, names):
    with pytest.raises(UsageError, match="no git repository"):
        open_checkout(folder).request(**names, everything=True)


def test_it_is_named_by_its_path(folder):
    checkout = open_checkout(folder)

    request = checkout.request(notebooks=["a.ipynb"])

    assert request.repository == str(folder)
    assert str(folder) in checkout.describe(request)


def test_its_copy_is_complete(folder, tmp_path):
    checkout = open_checkout(folder)

    checkout.export(checkout.request(everything=True), tmp_path / "copy")

    assert (tmp_path / "copy/sub/b.ipynb").read_text() == "sub/b.ipynb"
    assert not (tmp_path / "copy/venv").exists()
