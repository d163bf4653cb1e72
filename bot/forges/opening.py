"""Finding out what kind of checkout a folder is in."""

from __future__ import annotations

from pathlib import Path

from bot.errors import UsageError
from bot.forges.base import Checkout
from bot.forges.local_git import LocalRepository, NoRepository
from bot.forges.plain_folder import PlainFolder


def open_checkout(folder: Path) -> Checkout:
    """Return the git repository around *folder*, or the folder itself when it is in none.

    Raises UsageError when there is a repository that cannot be used, and says why.
    """
    folder = folder.resolve()
    try:
        return LocalRepository.open(folder)
    except NoRepository:
        return PlainFolder(folder)
    except UsageError:
        if not folder.is_dir() or any((place / ".git").exists() for place in _upward(folder)):
            raise
        return PlainFolder(folder)  # git is missing, and so is anything it could read


def _upward(folder: Path) -> list[Path]:
    return [folder, *folder.parents]
