"""The files of the commits that are reviewed: kept as data, in a bare-bones repository for each."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bot.forges.fetching import Remote, fetch_commits, make_repository
from bot.forges.local_git import LocalRepository
from bot.forges.remote_url import is_loopback
from bot.service.place import Place


class Files:
    """Commits of repositories on GitHub, fetched with git below *folder*.

    Nothing of them is checked out or executed here. Safe for several threads and processes at once.
    """

    def __init__(self, folder: Path, api_url: str) -> None:
        self._folder = folder
        self._server = server_of(api_url)

    def fetched(self, place: Place, token: str, commits: Sequence[str]) -> LocalRepository:
        """Return a repository that has *commits*; raises UsageError where they cannot be had."""
        folder = self._folder / str(place.repository_id)
        with self._locked(place.repository_id):
            if not (folder / ".git" / "HEAD").exists():
                make_repository(folder, like=commits[0])
            repository = LocalRepository.open(folder)
            remote = Remote(self._url(place), self._server, token)
            fetch_commits(repository.git, remote, commits, shallow=True)
        return repository

    def drop_unused(self, seconds: float) -> None:
        """Remove the repositories that nothing was asked of for *seconds*."""
        for lock in self._folder.glob("*.lock"):
            if time.time() - lock.stat().st_mtime > seconds:
                with self._locked(int(lock.stem)):
                    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                    lock.unlink()

    def _url(self, place: Place) -> str:
        """Return where to fetch from: what GitHub says, as long as that is on GitHub's server.

        A server for tests on this machine may keep its repositories in a folder beside it.
        """
        said, server = urlsplit(place.clone_url), urlsplit(self._server)
        is_theirs = (said.scheme, said.netloc) == (server.scheme, server.netloc)
        if is_theirs or (place.clone_url and is_loopback(self._server)):
            return place.clone_url
        return f"{self._server}/{place.full_name}.git"

    @contextlib.contextmanager
    def _locked(self, repository_id: int) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = self._folder / f"{repository_id}.lock"
        while True:
            with lock.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # Whoever held it may have removed it.
                if _is_same(file.fileno(), lock):
                    os.utime(lock)
                    yield
                    return


def server_of(api_url: str) -> str:
    """Return the address that people use of the GitHub whose API is at *api_url*.

    https://docs.github.com/enterprise-server/rest/overview/resources-in-the-rest-api

    >>> server_of("https://api.github.com"), server_of("https://git.example.com/api/v3")
    ('https://github.com', 'https://git.example.com')
    """
    url = urlsplit(api_url)
    return f"{url.scheme}://{url.netloc.removeprefix('api.')}"


def _is_same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
