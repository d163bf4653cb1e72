"""The repository of the demos: a film club's notebooks, and a branch that changes them."""

from __future__ import annotations

import shutil
from pathlib import Path

from building.repositories import Repository, make_repository

HERE = Path(__file__).resolve().parent

TITLE = "Judge short lists fairly, and centre the ratings before training"
BROKEN = "notebooks/02-train-model.ipynb"
BROKEN_CODE = "(left[:, :rank] * strength) @ right[:rank]"
"""What raises in the notebook that the change breaks on purpose."""

HASTY_CODE = "(left * strength) @ right"
GOOD_CODE = "(left[:, :rank] * strength[:rank]) @ right[:rank]"


def make_film_club(folder: Path) -> Repository:
    """Return the repository, made anew in *folder*: main is `demo/base`, feature is checked out.

    The branch feature puts `demo/change` on top of that.
    """
    shutil.rmtree(folder, ignore_errors=True)
    repository = make_repository(folder)
    _write(HERE / "demo" / "base", repository)
    repository.commit("Look at the ratings and train a first model")
    repository.git("switch", "--quiet", "--create=feature")
    _write(HERE / "demo" / "change", repository)
    repository.commit(TITLE)
    return repository


def mend(repository: Repository, code: str, message: str) -> None:
    """Commit the broken notebook with *code* in place of what raises in it."""
    path = repository.root / BROKEN
    before = path.read_text(encoding="utf-8").splitlines(keepends=True)
    after = [_with_code(line, code) for line in before]
    path.write_text("".join(after), encoding="utf-8")
    repository.commit(message)


def _with_code(line: str, code: str) -> str:
    begin, is_it, _ = line.partition("predicted = ")
    return f'{begin}{is_it}{code}"\n' if is_it else line


def _write(folder: Path, repository: Repository) -> None:
    # With their old times of change, git would take a file of the same size for the one it knows.
    shutil.copytree(folder, repository.root, copy_function=shutil.copyfile, dirs_exist_ok=True)
