import os
from pathlib import Path

import pytest
from building.repositories import Repository

from bot.forges.local_git import LocalRepository
from bot.planning.source import ChangeKind, EntryKind, Source


def source_of(repository: Repository, base: str | None = None, head: str | None = None) -> Source:
    checkout = LocalRepository.open(repository.root)
    return checkout.source(checkout.request(base, head))


def changes_of(repository: Repository, *names: str) -> dict[str, tuple[ChangeKind, str | None]]:
    changes = source_of(repository, *names).changes()
    return {change.path: (change.kind, change.old_path) for change in changes}


@pytest.fixture
def committed(repository: Repository) -> Repository:
    repository.write("a.txt", "".join(f"{number}\n" for number in range(200)))
    repository.write("b.txt", "".join(f"{number}\n" for number in range(500, 800)))
    repository.write("sub/c.txt", "c")
    repository.write(".gitignore", "*.log\n")
    repository.commit()
    return repository


class TestChanges:
    def test_are_staged_unstaged_and_untracked(self, committed):
        committed.write("a.txt", "staged")
        committed.git("add", "a.txt")
        committed.write("b.txt", "unstaged")
        committed.write("new/d.txt", "untracked")
        committed.write("ignored.log", "ignored")
        (committed.root / "sub/c.txt").unlink()

        assert changes_of(committed) == {
            "a.txt": (ChangeKind.MODIFIED, None),
            "b.txt": (ChangeKind.MODIFIED, None),
            "new/d.txt": (ChangeKind.ADDED, None),
            "sub/c.txt": (ChangeKind.DELETED, None),
        }

    def test_a_file_moved_without_git_is_a_rename(self, committed):
        (committed.root / "a.txt").rename(committed.root / "moved.txt")

        assert changes_of(committed) == {"moved.txt": (ChangeKind.RENAMED, "a.txt")}

    def test_a_file_moved_and_edited_without_git_is_a_rename(self, committed):
        text = (committed.root / "a.txt").read_text()
        (committed.root / "a.txt").unlink()
        committed.write("moved.txt", text + "one more\n")

        assert changes_of(committed) == {"moved.txt": (ChangeKind.RENAMED, "a.txt")}

    def test_a_copy_of_what_changed_is_a_copy(self, committed):
        text = (committed.root / "a.txt").read_text()
        committed.write("copy.txt", text)
        committed.write("a.txt", text + "one more\n")

        assert changes_of(committed) == {
            "a.txt": (ChangeKind.MODIFIED, None),
            "copy.txt": (ChangeKind.COPIED, "a.txt"),
        }

    def test_a_file_that_only_resembles_another_is_no_copy(self, committed):
        text = (committed.root / "a.txt").read_text()
        committed.write("new.txt", text[: len(text) * 3 // 4] + "x" * 200)
        committed.write("a.txt", text + "one more\n")

        assert changes_of(committed)["new.txt"] == (ChangeKind.ADDED, None)

    def test_a_new_mode_alone_is_told_apart(self, committed):
        (committed.root / "a.txt").chmod(0o755)

        assert changes_of(committed) == {"a.txt": (ChangeKind.MODE, None)}

    def test_a_new_mode_with_a_new_content_is_a_change(self, committed):
        (committed.root / "a.txt").chmod(0o755)
        committed.write("a.txt", "changed")

        assert changes_of(committed) == {"a.txt": (ChangeKind.MODIFIED, None)}

    def test_a_touched_file_is_no_change(self, committed):
        os.utime(committed.root / "a.txt", (1, 1))

        assert changes_of(committed) == {}

    def test_a_change_that_was_staged_and_taken_back_is_none(self, committed):
        text = (committed.root / "a.txt").read_text()
        committed.write("a.txt", "staged")
        committed.git("add", "a.txt")
        committed.write("a.txt", text)

        source = source_of(committed)

        assert list(source.changes()) == []
        assert dict(source.read(["a.txt"]))["a.txt"] == text.encode()
        assert next(entry.blob for entry in source.entries() if entry.path == "a.txt") == ""

    def test_a_folder_in_the_place_of_a_file_is_both(self, committed):
        (committed.root / "a.txt").unlink()
        committed.write("a.txt/inside", "new")

        assert changes_of(committed) == {
            "a.txt": (ChangeKind.DELETED, None),
            "a.txt/inside": (ChangeKind.ADDED, None),
        }

    def test_a_symlink_in_the_place_of_a_file_is_a_change(self, committed):
        (committed.root / "a.txt").unlink()
        (committed.root / "a.txt").symlink_to("/etc/passwd")

        source = source_of(committed)

        assert [(change.path, change.kind) for change in source.changes()] == [
            ("a.txt", ChangeKind.MODIFIED)
        ]
        assert source.find("a.txt").kind is EntryKind.SYMLINK
        assert dict(source.read(["a.txt"])) == {}

    def test_a_merge_conflict_is_one_change(self, committed):
        committed.git("switch", "--quiet", "--create", "other")
        committed.write("a.txt", "theirs")
        committed.commit()
        committed.git("switch", "--quiet", "main")
        committed.write("a.txt", "ours")
        committed.commit()
        committed.git("switch", "--quiet", "other")
        with pytest.raises(Exception, match="merge"):
            committed.git("merge", "main")

        source = source_of(committed, "main")

        assert [(change.path, change.kind) for change in source.changes()] == [
            ("a.txt", ChangeKind.MODIFIED)
        ]
        assert [entry.path for entry in source.entries()].count("a.txt") == 1

    def test_between_commits_nothing_on_disk_counts(self, committed):
        committed.git("mv", "a.txt", "moved.txt")
        (committed.root / "b.txt").chmod(0o755)
        committed.commit()
        committed.write("untracked.txt", "x")
        committed.write("sub/c.txt", "changed")

        assert changes_of(committed, "HEAD~1", "HEAD") == {
            "b.txt": (ChangeKind.MODE, None),
            "moved.txt": (ChangeKind.RENAMED, "a.txt"),
        }

    def test_configuration_for_diff_does_not_matter(self, committed):
        committed.git("config", "diff.renames", "false")
        committed.git("config", "diff.relative", "true")
        committed.git("config", "diff.noprefix", "true")
        committed.git("config", "core.abbrev", "4")
        committed.git("config", "status.showUntrackedFiles", "no")
        committed.git("config", "color.ui", "always")
        (committed.root / "a.txt").rename(committed.root / "moved.txt")

        assert changes_of(committed) == {"moved.txt": (ChangeKind.RENAMED, "a.txt")}


class TestEntries:
    def test_are_what_is_there_and_not_ignored(self, committed):
        committed.write("ignored.log", "x")
        committed.write("new.txt", "x")
        (committed.root / "a.txt").unlink()

        paths = [entry.path for entry in source_of(committed).entries()]

        assert paths == [".gitignore", "b.txt", "new.txt", "sub/c.txt"]

    def test_have_the_blob_id_where_git_has_the_content(self, committed):
        committed.write("b.txt", "changed")

        blobs = {entry.path: entry.blob for entry in source_of(committed).entries()}

        assert blobs["a.txt"] == committed.git("rev-parse", "HEAD:a.txt")
        assert blobs["b.txt"] == ""

    def test_of_a_commit_are_what_was_committed(self, committed):
        committed.write("new.txt", "x")
        committed.write("b.txt", "changed")

        source = source_of(committed, "HEAD", "HEAD")

        assert [entry.path for entry in source.entries()] == [
            ".gitignore",
            "a.txt",
            "b.txt",
            "sub/c.txt",
        ]
        assert dict(source.read(["b.txt"]))["b.txt"].startswith(b"500\n")

    def test_tell_symlinks_and_what_they_say(self, committed):
        (committed.root / "tracked").symlink_to("sub/c.txt")
        committed.commit()
        (committed.root / "untracked").symlink_to("/etc/passwd")

        links = {
            entry.path: entry.target
            for head in (None, "HEAD")
            for entry in source_of(committed, "HEAD", head).entries()
            if entry.kind is EntryKind.SYMLINK
        }

        assert links == {"tracked": "sub/c.txt", "untracked": "/etc/passwd"}

    def test_leave_out_what_a_sparse_checkout_leaves_out(self, committed):
        committed.git("sparse-checkout", "set", "--no-cone", "/*.txt")

        paths = [entry.path for entry in source_of(committed).entries()]

        assert paths == ["a.txt", "b.txt"]

    def test_repositories_inside_are_not_entered(self, committed, tmp_path):
        committed.git("init", "--quiet", "untracked")
        committed.write("untracked/x.txt", "x")
        inner = Repository(committed.root / "inner")
        committed.git("init", "--quiet", "inner")
        inner.write("y.txt", "y")
        inner.commit()
        committed.git("-c", "advice.addEmbeddedRepo=false", "add", "inner")

        source = source_of(committed)

        kinds = {entry.path: entry.kind for entry in source.entries()}
        assert kinds["inner"] is EntryKind.SUBMODULE
        assert not {"untracked/x.txt", "inner/y.txt"} & kinds.keys()

    def test_files_that_differ_in_case_are_two(self, committed):
        committed.write("A.txt", "other")
        committed.commit()

        paths = [entry.path for entry in source_of(committed, "HEAD", "HEAD").entries()]

        assert "A.txt" in paths
        assert "a.txt" in paths


class TestReading:
    def test_never_follows_a_symlink(self, committed, tmp_path):
        (tmp_path / "outside").write_text("secret")
        (committed.root / "link").symlink_to(tmp_path / "outside")
        committed.commit()

        assert dict(source_of(committed).read(["link"])) == {}
        assert dict(source_of(committed, "HEAD", "HEAD").read(["link"])) == {}

    def test_does_not_wait_on_a_pipe(self, committed):
        (committed.root / "a.txt").unlink()
        os.mkfifo(committed.root / "a.txt")

        assert dict(source_of(committed).read(["a.txt"])) == {}

    def test_leaves_out_what_is_missing(self, committed):
        assert dict(source_of(committed).read(["nope", "a\0b"])) == {}
        assert dict(source_of(committed, "HEAD", "HEAD").read(["nope"])) == {}

    def test_gives_the_base_as_it_was(self, committed):
        committed.write("b.txt", "changed")

        assert dict(source_of(committed).read_base(["b.txt"]))["b.txt"].startswith(b"500\n")

    def test_finds_what_git_ignores(self, committed):
        committed.write("ignored.log", "x")

        source = source_of(committed)

        assert source.find("ignored.log").path == "ignored.log"
        assert source.find("sub") is None
        assert source.find("nope") is None

    def test_a_path_through_a_symlink_is_a_symlink(self, committed):
        (committed.root / "folder").symlink_to("sub")

        assert source_of(committed).find("folder/c.txt").kind is EntryKind.SYMLINK

    def test_many_contents_come_in_portions(self, repository):
        contents = {f"{number}.txt": f"{number}\n".encode() * number for number in range(2500)}
        for path, data in contents.items():
            repository.write(path, data)
        repository.commit()

        assert dict(source_of(repository, "HEAD", "HEAD").read(contents)) == contents


NAMES = [
    b"plain.ipynb",
    b"with space.ipynb",
    b"-rf.ipynb",
    b"--output=x.ipynb",
    b"quote'\"`.ipynb",
    b"new\nline.ipynb",
    b"tab\t.ipynb",
    b"$(touch canary).ipynb",
    b";touch canary;.ipynb",
    b":(glob)**.ipynb",
    b":!x.ipynb",
    b"*.ipynb",
    b"[a].ipynb",
    b"back\\slash.ipynb",
    b"not-utf8-\xff\xfe.ipynb",
    "right\u202eto-left.ipynb".encode(),
    b"carriage\rreturn.ipynb",
    b"l" * 249 + b".ipynb",
    "e\u0301-nfd.ipynb".encode(),
    "\u00e9-nfc.ipynb".encode(),
    b" leading.ipynb",
    b"\x1b[31m.ipynb",
    b"%s%n.ipynb",
    b"#.ipynb",
    b"~.ipynb",
    b"C:\\x.ipynb",
    b"? x.ipynb",
    b"1 .M x.ipynb",
]


class TestHostileNames:
    def write(self, repository: Repository, content: bytes) -> None:
        for name in NAMES:
            Path(os.fsdecode(os.fsencode(repository.root) + b"/" + name)).write_bytes(
                content + name
            )

    @pytest.mark.parametrize("is_committed", [True, False])
    def test_are_data(self, repository, is_committed):
        self.write(repository, b"old")
        base = repository.commit()
        self.write(repository, b"new")
        head = repository.commit() if is_committed else None
        source = source_of(repository, base, head)
        names = {os.fsdecode(name): name for name in NAMES}

        assert {entry.path for entry in source.entries()} == names.keys()
        assert {change.path for change in source.changes()} == names.keys()
        assert dict(source.read(names)) == {path: b"new" + name for path, name in names.items()}
        assert dict(source.read_base(names)) == {
            path: b"old" + name for path, name in names.items()
        }
        assert not (repository.root / "canary").exists()

    def test_are_data_when_untracked(self, repository):
        repository.commit()
        self.write(repository, b"new")

        source = source_of(repository)

        assert {change.path for change in source.changes()} == set(map(os.fsdecode, NAMES))
        assert {entry.path for entry in source.entries()} == set(map(os.fsdecode, NAMES))


class TestNothingIsExecuted:
    @pytest.mark.parametrize("head", [None, "HEAD"])
    def test_by_looking(self, committed, tmp_path, head):
        canary = tmp_path / "canary"
        script = tmp_path / "script"
        script.write_text(f"#!/bin/sh\ntouch {canary}\ncat\n")
        script.chmod(0o755)
        hooks = committed.root / ".git/hooks"
        for hook in ("post-index-change", "post-checkout", "reference-transaction"):
            (hooks / hook).write_text(script.read_text())
            (hooks / hook).chmod(0o755)
        committed.write(".gitattributes", "* filter=evil diff=evil\n")
        for key in ("clean", "smudge", "process"):
            committed.git("config", f"filter.evil.{key}", str(script))
            committed.git("config", f"filter.e=vil.{key}", str(script))
        committed.git("config", "filter.evil.required", "true")
        committed.git("config", "diff.evil.textconv", str(script))
        committed.git("config", "diff.evil.command", str(script))
        committed.git("config", "diff.external", str(script))
        committed.git("config", "core.fsmonitor", str(script))
        committed.git("config", "core.pager", str(script))
        committed.write("a.txt", "changed")
        os.utime(committed.root / "b.txt", (1, 1))
        canary.unlink(missing_ok=True)
        checkout = LocalRepository.open(committed.root)
        request = checkout.request("HEAD", head)
        source = checkout.source(request)

        source.entries()
        source.changes()
        dict(source.read(["a.txt", "b.txt"]))
        checkout.export(request, tmp_path / "copy")

        assert not canary.exists()
