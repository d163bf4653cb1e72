"""The bot as a GitHub App: what it signs with, on the tests' GitHub and a clock of our own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import time

import pytest
from building.repositories import make_repository
from fakes.github import GitHub
from fakes.github.installing import Installation, InstalledApp

from bot.errors import Unanswered, UsageError
from bot.forges.fetching import Remote, fetch_commits
from bot.forges.fetching import make_repository as make_empty
from bot.forges.git_command import Git
from bot.forges.github.api import Refused
from bot.forges.github.app import GitHubApp
from bot.forges.github.repository import GitHubRepository


@dataclass
class Clock:
    """The time of this machine, which can be wrong."""

    ahead: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ahead += seconds


@pytest.fixture(scope="module")
def github(tmp_path_factory) -> Iterator[GitHub]:
    with GitHub() as made:
        for name in ("octo/science", "octo/secret"):
            git = make_repository(tmp_path_factory.mktemp("git") / "git")
            git.write("a.ipynb", ["1"])
            git.commit()
            made.add_repository(name, git, private=name.endswith("secret"))
        yield made
        assert not made.violations


@pytest.fixture
def installed(github: GitHub) -> InstalledApp:
    github.requests.clear()
    github.clock_ahead = 0.0
    return github.install_app(f"nbci-{len(github.apps)}", *github.repositories.values())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(github: GitHub, installed: InstalledApp, clock: Clock) -> GitHubApp:
    return GitHubApp(
        installed.app.id, installed.pem, github.api_url, clock=clock, sleep=clock.sleep
    )


@pytest.fixture
def installation(installed: InstalledApp) -> Installation:
    return next(iter(installed.installations.values()))


def minted(github: GitHub) -> int:
    return sum(
        request.operation == "apps/create-installation-access-token" for request in github.requests
    )


def read(app: GitHubApp, installation: Installation, name: str = "octo/science") -> None:
    repository = next(one for one in installation.repositories if one.full_name == name)
    api = app.installation_api(installation.id, repository.id)
    GitHubRepository(api, name).file("a.ipynb", "main")


def test_it_knows_how_it_is_called(app, installed):
    assert app.slug == installed.app.slug


def test_a_token_is_for_one_repository_and_what_is_needed_there(app, github, installation):
    science, secret = installation.repositories

    token = github.tokens[app.token(installation.id, science.id)]

    assert token.repositories == (science,)
    assert token.permissions == {
        "checks": "write",
        "contents": "read",
        "issues": "write",
        "metadata": "read",
        "pull_requests": "write",
    }
    api = app.installation_api(installation.id, science.id)
    with pytest.raises(Refused):
        GitHubRepository(api, secret.full_name).merge_base("main", "main")


def test_a_token_is_made_once_for_all_threads(app, github, installation):
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        read(app, installation)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert minted(github) == 1


def test_a_token_is_made_anew_before_its_hour_is_over(app, github, installation, clock):
    read(app, installation)
    clock.ahead = 54 * 60
    read(app, installation)
    assert minted(github) == 1

    clock.ahead = 56 * 60
    github.clock_ahead = 56 * 60
    read(app, installation)

    assert minted(github) == 2


def test_a_token_that_was_revoked_is_replaced_once(app, github, installation):
    science = installation.repositories[0]
    github.expire(app.token(installation.id, science.id))

    read(app, installation)

    assert minted(github) == 2


def test_a_token_that_is_refused_again_is_a_refusal(app, github, installation):
    github.fault("unauthorized", path="contents", times=2)

    with pytest.raises(Refused) as caught:
        read(app, installation)

    assert caught.value.status == 401
    assert minted(github) == 2


@pytest.mark.parametrize("ahead", [-3600, -90, 90, 3600])
def test_a_clock_that_is_wrong_is_told_and_worked_around(app, github, installation, ahead, caplog):
    github.clock_ahead = ahead

    read(app, installation)

    if abs(ahead) > 3000:
        assert "behind GitHub's" in caplog.text


def test_a_suspended_installation_refuses(app, installation):
    installation.suspended = True

    with pytest.raises(Refused) as caught:
        read(app, installation)

    assert "suspended" in str(caught.value)


def test_what_is_forgotten_is_asked_for_anew(app, github, installation):
    read(app, installation)
    app.forget(installation.id)

    read(app, installation)

    assert minted(github) == 2


def test_it_is_found_through_which_installation_a_repository_is_reached(app, installation):
    found = app.installation_of("octo/science")

    assert found is not None
    assert (found.id, found.account, found.is_suspended) == (installation.id, "octo", False)
    assert app.installation_of("octo/unknown") is None


def test_the_repositories_of_an_installation_are_listed(app, installation):
    found = [one.full_name for one in app.repositories(installation.id)]

    assert found == ["octo/science", "octo/secret"]


def test_tokens_can_be_forgotten_while_others_are_made(app, github, installation):
    stop = threading.Event()
    science = installation.repositories[0]

    def forget() -> None:
        while not stop.is_set():
            app.forget(installation.id)

    thread = threading.Thread(target=forget)
    thread.start()
    try:
        tokens = {app.token(installation.id, science.id) for _ in range(20)}
    finally:
        stop.set()
        thread.join()

    assert all(github.tokens[token].is_good for token in tokens)


def test_a_list_whose_pages_lead_in_a_circle_is_no_answer(app, github, installed):
    for number in range(150):
        installed.deliver("ping", {}, guid=str(number))
    github.fault("link_loop", path="deliveries", times=2)

    with pytest.raises(Unanswered, match="circle"):
        list(app.api().following_pages("/app/hook/deliveries"))


@pytest.mark.parametrize("key", ["", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"])
def test_a_wrong_private_key_names_its_setting_and_does_not_show_it(github, key):
    app = GitHubApp(1, key, github.api_url)

    with pytest.raises(UsageError, match="NBCI_GITHUB_PRIVATE_KEY") as caught:
        app.api().get("/app")

    assert "AAAA" not in str(caught.value)


def test_git_fetches_with_a_token_of_the_installation(app, github, installation, tmp_path):
    secret = installation.repositories[1]
    sha = secret.branch_sha("main")
    make_empty(tmp_path / "copy", like=sha)
    token = app.git_token(installation.id, secret.id)

    remote = Remote(f"{github.server_url}/{secret.full_name}.git", github.server_url, token)
    fetch_commits(Git(tmp_path / "copy"), remote, [sha], shallow=True)

    assert Git(tmp_path / "copy").text("cat-file", "-t", sha) == "commit"
