"""A fake GitHub with a repository and a pull request, and ways to talk to it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import requests
from building.repositories import make_repository
from fakes.github import GitHub, Pull, Repository
from github import Auth, Github


@dataclass
class Answers:
    """Sends requests that PyGithub would not."""

    github: GitHub
    session: requests.Session

    def ask(self, method, path, *, token=None, **options):
        headers = options.pop("headers", {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self.github.api_url}{path}"
        return self.session.request(method, url, headers=headers, timeout=20, **options)


@pytest.fixture
def fake():
    """A fake GitHub that may be asked nonsense."""
    with GitHub() as github:
        yield github


@pytest.fixture
def working(tmp_path):
    """The repository on the machine of the person who pushes."""
    repository = make_repository(tmp_path / "working")
    repository.write("a.ipynb", ["1"])
    repository.write("lib/tool.py", "x = 1\n")
    repository.commit("begin")
    repository.git("switch", "--quiet", "--create", "feature")
    repository.write("a.ipynb", ["2"])
    repository.write("b.ipynb", ["3"])
    repository.commit("work")
    return repository


@pytest.fixture
def repo(fake, working) -> Repository:
    return fake.add_repository("octo/demo", git=working)


@pytest.fixture
def pull(repo) -> Pull:
    return repo.open_pull_request("feature")


@pytest.fixture
def token(fake, repo) -> str:
    return fake.token(repo)


@pytest.fixture
def raw(fake):
    with requests.Session() as session:
        yield Answers(fake, session)


@pytest.fixture
def connect(fake):
    """Call it with a token to get a PyGithub that neither retries nor waits."""
    clients = []

    def make(token):
        client = Github(
            base_url=fake.api_url,
            auth=Auth.Token(token),
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()
