"""Webhooks that were not taken are asked back from GitHub, on a real database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from building.repositories import make_repository
from fakes.github import GitHub
from fakes.github.installing import InstalledApp
from sqlalchemy import insert, select

from bot.forges.github.app import GitHubApp
from bot.service.database import Database
from bot.service.redelivery import Redelivery
from bot.service.tables import cursors, deliveries


@dataclass
class Receiver:
    """A webhook's address that answers with `status` and keeps the ids of what it was sent."""

    status: int = 500
    guids: list[str] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            received.guids.append(self.headers["X-GitHub-Delivery"])
            self.send_response(received.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield received, f"http://127.0.0.1:{server.server_port}/webhook"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def github(tmp_path) -> Iterator[GitHub]:
    with GitHub() as made:
        git = make_repository(tmp_path / "git")
        git.write("a.ipynb", ["1"])
        git.commit()
        made.add_repository("octo/science", git)
        yield made
        assert not made.violations


@pytest.fixture
def app(github: GitHub, receiver: tuple[Receiver, str]) -> InstalledApp:
    made = github.install_app("nbci", github.repositories["octo/science"])
    made.url = receiver[1]
    return made


@pytest.fixture
def redelivery(database: str, github: GitHub, app: InstalledApp) -> Iterator[Redelivery]:
    opened = Database(database, size=2)
    yield Redelivery(opened, GitHubApp(app.app.id, app.pem, github.api_url), time.time)
    opened.close()


def test_what_was_not_taken_is_sent_again_under_the_same_id(redelivery, app, receiver, github):
    app.deliver("ping", {"zen": "1"}, guid="a")
    app.deliver("ping", {"zen": "2"}, guid="b")
    receiver[0].status = 202
    app.deliver("ping", {"zen": "3"}, guid="c")

    assert redelivery.ask_back() == 2

    github.stop_acts()
    assert sorted(receiver[0].guids) == ["a", "a", "b", "b", "c"]


def test_what_was_taken_at_a_later_try_is_not_asked_for(redelivery, app, receiver, github):
    app.deliver("ping", {}, guid="a")
    receiver[0].status = 202
    redelivery.ask_back()
    github.stop_acts()

    assert redelivery.ask_back() == 0


def test_what_we_have_although_github_did_not_hear_is_not_asked_for(redelivery, app):
    app.deliver("ping", {}, guid="a")
    with redelivery.database.begin() as connection:
        connection.execute(insert(deliveries).values(id="a", event="ping", payload=b"{}"))

    assert redelivery.ask_back() == 0


def test_what_fails_again_is_asked_for_once_each_time(redelivery, app, receiver, github):
    app.deliver("ping", {}, guid="a")

    assert redelivery.ask_back() == 1
    github.stop_acts()
    assert redelivery.ask_back() == 1
    github.stop_acts()

    assert receiver[0].guids == ["a", "a", "a"]


def test_more_than_a_page_is_looked_through(redelivery, app):
    for number in range(130):
        app.deliver("ping", {}, guid=f"guid-{number}")

    assert redelivery.ask_back() == 130


def test_it_goes_on_where_it_was_and_not_from_the_beginning(redelivery, app):
    redelivery.ask_back()

    with redelivery.database.begin() as connection:
        kept = connection.execute(select(cursors.c.value)).scalar_one()
    assert float(kept) == pytest.approx(time.time(), abs=60)


def test_when_asking_is_refused_the_same_time_is_looked_at_once_more(redelivery, app, github):
    app.deliver("ping", {}, guid="a")
    github.fault("502_before", method="POST", path="attempts", times=1)

    redelivery.ask_back()

    with redelivery.database.begin() as connection:
        assert connection.execute(select(cursors.c.value)).first() is None


def test_while_nobody_takes_them_one_is_asked_for_each_time_and_then_all(
    redelivery, app, receiver, github
):
    for guid in ("a", "b", "c"):
        app.deliver("ping", {}, guid=guid)
    assert redelivery.ask_back() == 3
    github.stop_acts()

    for _ in range(3):
        assert redelivery.ask_back() == 1
        github.stop_acts()
    receiver[0].status = 202
    assert redelivery.ask_back() == 1
    github.stop_acts()
    assert redelivery.ask_back() == 2
    github.stop_acts()

    assert sorted(receiver[0].guids[6:9]) == ["a", "b", "c"]
    assert sorted(receiver[0].guids[9:]) == ["a", "b", "c"]


@pytest.mark.parametrize("status", [400, 413, 415])
def test_what_would_be_refused_again_is_asked_for_once(redelivery, app, receiver, github, status):
    receiver[0].status = status
    app.deliver("ping", {}, guid="a")

    assert redelivery.ask_back() == 1
    github.stop_acts()

    assert redelivery.ask_back() == 0


def test_when_a_limit_is_reached_nothing_more_is_asked(redelivery, app, github):
    for guid in ("a", "b", "c"):
        app.deliver("ping", {}, guid=guid)
    github.fault("primary_limit", method="POST", path="attempts", times=1)

    assert redelivery.ask_back() == 0

    asked = [one for one in github.requests if one.path.endswith("/attempts")]
    assert len(asked) == 1
    with redelivery.database.begin() as connection:
        assert connection.execute(select(cursors.c.value)).first() is None


def test_what_github_will_not_send_again_does_not_keep_the_rest(redelivery, app, github):
    app.deliver("ping", {}, guid="a")
    app.deliver("ping", {}, guid="b")
    github.fault("not_found", method="POST", path="attempts", times=1)

    assert redelivery.ask_back() == 2

    with redelivery.database.begin() as connection:
        assert connection.execute(select(cursors.c.value)).first() is not None
