"""The files of the commits that are reviewed: kept as data, in a repository for each."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
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

_PATIENCE = 10.0
"""Seconds to wait for who fetches into the same folder."""

_PAUSE = 0.05


class Files:
    """Commits of repositories on GitHub, fetched with git below *folder*.

    Nothing of them is checked out or executed here. Safe for several threads and processes at once.
    """

    def __init__(self, folder: Path, api_url: str) -> None:
        self._folder = folder
        self._server = server_of(api_url)
        self._in_vain: set[Path] = set()

    def fetched(self, place: Place, token: str, commits: Sequence[str]) -> LocalRepository:
        """Return a repository that has *commits*; raises UsageError where they cannot be had."""
        with self._alone(place.repository_id) as folder:
            _make_ready(folder, commits[0])
            repository = LocalRepository.open(folder)
            remote = Remote(self._url(place), self._server, token)
            fetch_commits(repository.git, remote, commits, shallow=True)
        return repository

    def drop_unused(self, seconds: float) -> None:
        """Remove the repositories that nothing was asked of for *seconds*."""
        for lock in self._folder.glob("*.lock"):
            with contextlib.suppress(FileNotFoundError), _held(lock) as is_ours:
                if is_ours and time.time() - lock.stat().st_mtime > seconds:
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
    def _alone(self, repository_id: int) -> Iterator[Path]:
        """Give a folder for a repository that nobody else fetches into meanwhile.

        There is one for each repository; who holds it for long, asleep perhaps, makes others take
        another one. They wait for it once, and not each time.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in itertools.count():
            folder = self._folder / (f"{repository_id}-{number}" if number else f"{repository_id}")
            lock = folder.with_name(f"{folder.name}.lock")
            until = time.monotonic() + (0.0 if lock in self._in_vain else _PATIENCE)
            while True:
                with _held(lock) as is_ours:
                    if is_ours:
                        self._in_vain.discard(lock)
                        os.utime(lock)
                        yield folder
                        return
                if time.monotonic() >= until:
                    break
                time.sleep(_PAUSE)
            self._in_vain.add(lock)


def _make_ready(folder: Path, commit: str) -> None:
    """Leave a repository in *folder*, without what a killed git has left."""
    if not folder.exists():
        made = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(made, ignore_errors=True)
        make_repository(made, like=commit)
        made.rename(folder)
    for lock in (folder / ".git").glob("*.lock"):
        lock.unlink()


@contextlib.contextmanager
def _held(lock: Path) -> Iterator[bool]:
    """Give whether *lock* is ours until the end: nobody else's, and not removed meanwhile."""
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield _is_same(file.fileno(), lock)


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
