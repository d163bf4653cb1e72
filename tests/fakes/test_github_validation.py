"""The fake GitHub refuses, and remembers, what GitHub's description does not allow."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = "/repos/octo/demo/check-runs"
TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "message"),
    [
        ("GET", "/repos/octo/demo/chekc-runs", {}, 404, "Not Found"),
        ("PUT", CHECKS, {}, 404, "Not Found"),
        ("GET", "/repos/octo/demo?fields=all", {}, 422, "unknown query parameter 'fields'"),
        ("GET", "/repos/octo/demo/pulls?state=opened", {}, 422, "parameter 'state': 'opened'"),
        ("GET", "/repos/octo/demo/pulls?page=two", {}, 422, "parameter 'page': 'two'"),
        ("GET", "/repos/octo/demo/pulls?page=1&page=2", {}, 422, "'page' is given 2 times"),
        ("GET", "/repos/octo/demo/pulls/one", {}, 422, "parameter 'pull_number': 'one'"),
        ("POST", CHECKS, {}, 422, "the body is missing"),
        ("POST", CHECKS, {"json": {"name": "n"}}, 422, "'head_sha' is a required property"),
        ("POST", CHECKS, {"json": {"name": 1, "head_sha": "a"}}, 422, "name: 1 is not of type"),
        (
            "POST",
            CHECKS,
            {"json": {"name": "n", "head_sha": "a", "state": "queued"}},
            422,
            "'state' was unexpected",
        ),
        (
            "POST",
            CHECKS,
            {"json": {"name": "n", "head_sha": "a", "output": {"heading": "t"}}},
            422,
            "'heading' was unexpected",
        ),
        (
            "POST",
            CHECKS,
            {"json": {"name": "n", "head_sha": "a", "started_at": "yesterday"}},
            422,
            "started_at: 'yesterday' is not a 'date-time'",
        ),
        (
            "POST",
            CHECKS,
            {"data": "{", "headers": {"Content-Type": "application/json"}},
            400,
            "Problems parsing JSON",
        ),
        ("POST", CHECKS, {"data": "name=n"}, 422, "expected application/json"),
        ("GET", "/repos/octo/demo", {"json": {"a": 1}}, 422, "this operation takes no body"),
        ("GET", "/repos/octo/demo", {"headers": {"User-Agent": None}}, 403, "administrative rules"),
        ("GET", "/repos/octo/demo/branches", {}, 501, "does not know repos/list-branches"),
    ],
)
def test_what_the_description_does_not_allow_is_refused_and_recorded(
    fake, raw, token, method, path, options, status, message
):
    if options.get("headers", {}).get("User-Agent", "") is None:
        raw.session.headers["User-Agent"] = ""
        options = {}

    answer = raw.ask(method, path, token=token, **options)

    assert answer.status_code == status
    assert message in answer.json()["message"]
    assert answer.json()["status"] == str(status)
    assert [violation.method for violation in fake.violations] == [method]
    assert message in str(fake.violations[0])


def test_what_the_state_does_not_allow_is_no_violation(fake, raw, token):
    answer = raw.ask("GET", "/repos/octo/demo/pulls/77", token=token)

    assert answer.status_code == 404
    assert fake.violations == []


def test_a_path_parameter_may_hold_slashes_where_github_says_so(raw, repo, working, token):
    working.git("push", "--quiet", str(repo.store.path), "HEAD:refs/heads/team/topic/x")

    answer = raw.ask("GET", "/repos/octo/demo/git/ref/heads/team/topic/x", token=token)

    assert answer.json()["ref"] == "refs/heads/team/topic/x"


def test_the_fixture_fails_a_test_that_asks_what_github_would_not_accept(tmp_path):
    tmp_path.joinpath("pytest.ini").touch()
    tmp_path.joinpath("conftest.py").write_text("from fakes.github.fixtures import github\n")
    tmp_path.joinpath("test_it.py").write_text(
        "from urllib.request import Request, urlopen\n"
        "import pytest\n"
        "def test_it(github):\n"
        "    request = Request(github.api_url + '/nonsense')\n"
        "    with pytest.raises(Exception, match='404'):\n"
        "        urlopen(request, timeout=10)\n"
    )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed, 1 error" in done.stdout
    assert re.search(r"GitHub would refuse:\n.*GET /nonsense: Not Found", done.stdout)
