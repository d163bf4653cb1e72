"""A GitHub on this machine: what tests make, drive and look at."""

from __future__ import annotations

import itertools
import json
import re
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from building.repositories import Repository as WorkingRepository
from fakes.github.accounts import DEFAULT_PERMISSIONS, Account, App, Token
from fakes.github.application import Application
from fakes.github.faults import Fault, Faults, Kind
from fakes.github.git_store import GitStore
from fakes.github.installing import InstalledApp, new_app
from fakes.github.recording import Request, Violation
from fakes.github.repository import Repository
from fakes.github.server import Server

# Beyond 32 bits where GitHub's own are.
_FIRST_IDS = {
    "account": 1_000_001,
    "app": 200_001,
    "repository": 700_000_001,
    "issue": 2_400_000_001,
    "pull": 1_900_000_001,
    "comment": 2_200_000_001,
    "reaction": 260_000_001,
    "check_run": 31_000_000_001,
    "suite": 28_000_000_001,
    "status": 33_000_000_001,
    "workflow_run": 11_000_000_001,
    "installation": 40_000_001,
    "delivery": 90_000_000_001,
}
_GITHUB_ACTIONS = App("github-actions", 15368)


@dataclass
class Limits:
    """Where GitHub cuts off, for tests to lower."""

    tree_entries: int = 100_000
    pull_files: int = 3000
    compare_files: int = 300
    contents_bytes: int = 1024 * 1024
    blob_bytes: int = 100 * 1024 * 1024
    directory_entries: int = 1000


class GitHub:
    """A GitHub that serves its API and git over HTTP on one port of 127.0.0.1.

    Use it in a `with` block, or call `stop`. `lock` guards its state where a test changes that
    while requests are under way.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.limits = Limits()
        self.repositories: dict[str, Repository] = {}
        self.accounts: dict[str, Account] = {}
        self.apps: dict[str, App] = {_GITHUB_ACTIONS.slug: _GITHUB_ACTIONS}
        self.tokens: dict[str, Token] = {}
        self.installed_apps: dict[str, InstalledApp] = {}
        self.manifests: dict[str, Any] = {}
        # By how many seconds GitHub's clock is ahead of ours.
        self.clock_ahead = 0.0
        self.requests: list[Request] = []
        self.violations: list[Violation] = []
        self.hooks: list[Callable[[Request], None]] = []
        self.faults = Faults()
        self._acts: list[threading.Thread] = []
        self._ids = {name: itertools.count(first) for name, first in _FIRST_IDS.items()}
        self._folder = tempfile.TemporaryDirectory(prefix="github-", ignore_cleanup_errors=True)
        self._server = Server(Application(self))
        self._server.start()

    def __enter__(self) -> GitHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and remove the repositories."""
        self.stop_acts()
        self._server.stop()
        self._folder.cleanup()

    @property
    def server_url(self) -> str:
        """What Actions calls GITHUB_SERVER_URL."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def api_url(self) -> str:
        """What Actions calls GITHUB_API_URL, and PyGithub `base_url`."""
        return f"{self.server_url}/api/v3"

    # What there is

    def add_repository(
        self,
        full_name: str,
        git: WorkingRepository | None = None,
        *,
        private: bool = False,
        default_branch: str = "main",
        parent: Repository | None = None,
    ) -> Repository:
        """Add a repository, with the branches that the test's own repository *git* has now.

        A fork says which repository is its *parent*.
        """
        if full_name in self.repositories:
            raise ValueError(f"there is a repository {full_name} already")
        store = GitStore(Path(self._folder.name, f"{full_name}.git"))
        store.create(git.root if git else None, default_branch)
        repository = Repository(
            github=self,
            id=self.new_id("repository"),
            full_name=full_name,
            store=store,
            default_branch=default_branch,
            private=private,
            working=git,
            parent=parent,
            pushed_at=self.now(),
        )
        self.account(repository.owner)
        self.repositories[full_name] = repository
        return repository

    def account(self, login: str) -> Account:
        """Return the account of this name, which from now on exists."""
        with self.lock:
            if login not in self.accounts:
                self.accounts[login] = Account(login, self.new_id("account"))
            return self.accounts[login]

    def app(self, slug: str) -> App:
        """Return the app of this name, which from now on exists."""
        with self.lock:
            if slug not in self.apps:
                self.apps[slug] = App(slug, self.new_id("app"))
            return self.apps[slug]

    def install_app(self, slug: str, *repositories: Repository) -> InstalledApp:
        """Make an app with a key of its own and install it for *repositories* of one owner."""
        app = self.make_app(slug)
        app.install(*repositories)
        return app

    def make_app(self, slug: str) -> InstalledApp:
        """Make an app with a key of its own, installed nowhere yet."""
        made = new_app(self, self.app(slug))
        self.installed_apps[str(made.app.id)] = made
        return made

    def take_manifest(self, text: str) -> str:
        """Return the code for an app's manifest that a person has sent and confirmed."""
        code = secrets.token_hex(20)
        self.manifests[code] = json.loads(text)
        return code

    def later(self, act: Callable[[], object]) -> None:
        """Do something that GitHub does on its own once it has answered; `stop` waits for it."""
        thread = threading.Thread(target=act)
        self._acts.append(thread)
        thread.start()

    def stop_acts(self) -> None:
        """Wait for what was to be done `later`."""
        while self._acts:
            self._acts.pop().join()

    # Tokens

    def token(
        self,
        repositories: Repository | Sequence[Repository],
        login: str = "github-actions[bot]",
        permissions: Mapping[str, str] | None = None,
    ) -> str:
        """Return an installation's token, such as GITHUB_TOKEN: that of the app *login* is of.

        Without *permissions* it may do what nbci's own workflows ask for.
        """
        if isinstance(repositories, Repository):
            repositories = (repositories,)
        if not login.endswith("[bot]"):
            raise ValueError(f"an app's login ends with [bot], got {login!r}")
        token = Token(
            value=f"ghs_{secrets.token_hex(18)}",
            account=self.account(login),
            app=self.app(login.removesuffix("[bot]")),
            repositories=tuple(repositories),
            permissions=dict(DEFAULT_PERMISSIONS if permissions is None else permissions),
        )
        self.tokens[token.value] = token
        return token.value

    def user_token(self, login: str) -> str:
        """Return a person's token, which may do what the person's role allows."""
        token = Token(value=f"ghp_{secrets.token_hex(18)}", account=self.account(login), app=None)
        self.tokens[token.value] = token
        return token.value

    def expire(self, token: str) -> None:
        """Let a token be refused from now on."""
        self.tokens[token].expired = True

    # Faults

    def fault(
        self,
        kind: Kind,
        *,
        method: str | None = None,
        path: str | None = None,
        times: int = 1,
        after: int = 0,
        status: int = 403,
        seconds: float | None = None,
        retry_after: int | str | None = None,
    ) -> Fault:
        """Let the next requests fail that have this method and a path that *path* is found in.

        The first *after* of them are let through, the next *times* fail. *seconds* is when a
        `primary_limit` ends (60), or how long `slow` takes (0.2). *retry_after* is the header of a
        `secondary_limit`: seconds, or a date as text. Both limits answer with *status*.
        """
        fault = Fault(
            kind=kind,
            method=method,
            path=re.compile(path) if path else None,
            times=times,
            after=after,
            status=status,
            seconds=seconds,
            retry_after=retry_after,
        )
        self.faults.planned.append(fault)
        return fault

    def random_faults(
        self,
        seed: int,
        rate: float = 0.2,
        kinds: Iterable[Kind] | None = None,
        *,
        git: bool = False,
    ) -> None:
        """Let each request fail with probability *rate*, the same for a seed and request number.

        A rate of 0 ends it. Traffic of git is spared unless *git*.
        """
        self.faults.set_random(seed, rate, kinds, git=git)

    def before_request(self, hook: Callable[[Request], None]) -> None:
        """Call *hook* before each request is answered, with no lock held."""
        self.hooks.append(hook)

    # For the rest of the package

    def new_id(self, kind: str) -> int:
        with self.lock:
            return next(self._ids[kind])

    def now(self) -> str:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
