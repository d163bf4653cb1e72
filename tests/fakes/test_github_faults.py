"""What goes wrong between a client and the fake GitHub."""

from __future__ import annotations

import re
import subprocess
import time

import pytest
import requests
from building.repositories import make_repository

COMMENTS = "/repos/octo/demo/issues/1/comments"


def post(raw, token):
    """Comment, and return what came of it for the client."""
    try:
        answer = raw.ask("POST", COMMENTS, token=token, json={"body": "hello"})
    except requests.ConnectionError as error:
        return "reset" if "reset by peer" in str(error) else str(error)
    except requests.exceptions.ChunkedEncodingError as error:
        return "cut" if "IncompleteRead" in str(error) else str(error)
    try:
        answer.json()
    except requests.JSONDecodeError:
        return "no JSON"
    return answer.status_code


@pytest.mark.parametrize(
    ("kind", "seen", "applied"),
    [
        ("500_before", 500, False),
        ("502_before", 502, False),
        ("503_before", 503, False),
        ("502_after", 502, True),
        ("reset_before", "reset", False),
        ("reset_after", "reset", True),
        ("truncated", "cut", True),
        ("html", "no JSON", True),
        ("slow", 201, True),
        ("unauthorized", 401, False),
        ("not_found", 404, False),
        ("primary_limit", 403, False),
        ("secondary_limit", 403, False),
    ],
)
def test_a_fault_happens_once_before_or_after_the_request_took_effect(
    fake, repo, pull, raw, token, kind, seen, applied
):
    fault = fake.fault(kind, method="POST", path="/comments$")

    first = post(raw, token)
    comments = len(repo.comments(pull))
    second = post(raw, token)

    assert (first, comments) == (seen, 1 if applied else 0)
    assert (second, len(repo.comments(pull))) == (201, comments + 1)
    assert fault.struck == 1
    assert [request.fault for request in fake.requests] == [kind, None]
    assert fake.violations == []


def test_a_page_can_come_empty_and_link_to_itself(fake, repo, pull, raw, token):
    repo.comment(pull, "hello")
    fake.fault("empty_page")
    fake.fault("link_loop")

    empty, looping = (raw.ask("GET", f"{COMMENTS}?page=1", token=token) for _ in range(2))

    assert empty.json() == []
    assert len(looping.json()) == 1
    assert looping.links["next"]["url"] == looping.url


def test_a_failure_of_the_fake_itself_is_not_overlooked(fake, raw):
    fake.before_request(lambda request: request.nothing_of_the_kind)

    answer = raw.ask("GET", "/rate_limit")

    assert answer.status_code == 500
    assert "the fake GitHub itself failed: AttributeError" in str(fake.violations[0])


def test_a_fault_waits_for_its_request(fake, pull, raw, token):
    fake.fault("500_before", method="POST", path="/comments$", after=1, times=2)

    statuses = [raw.ask("GET", COMMENTS, token=token).status_code]
    statuses += [post(raw, token) for _ in range(4)]

    assert statuses == [200, 201, 500, 500, 201]


def test_a_primary_limit_says_when_it_ends(fake, raw, token):
    fake.fault("primary_limit", status=429, seconds=90)
    now = int(time.time())

    answer = raw.ask("GET", "/repos/octo/demo", token=token)

    assert answer.status_code == 429
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert now + 90 <= int(answer.headers["X-RateLimit-Reset"])
    assert "API rate limit exceeded" in answer.json()["message"]


@pytest.mark.parametrize("retry_after", [None, 90, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_secondary_limit_says_how_long_or_nothing(fake, raw, token, retry_after):
    fake.fault("secondary_limit", status=403, retry_after=retry_after)

    answer = raw.ask("GET", "/repos/octo/demo", token=token)

    assert answer.status_code == 403
    assert answer.headers.get("Retry-After") == (retry_after and str(retry_after))
    assert "secondary rate limit" in answer.json()["message"]


def test_chance_is_the_same_for_a_seed(fake, repo, pull, raw, token):
    def fifty(seed):
        fake.requests.clear()
        fake.random_faults(seed, rate=0.3)
        for _ in range(50):
            post(raw, token)
        return [request.fault for request in fake.requests]

    first, again, other = fifty(1), fifty(1), fifty(2)

    assert first == again != other
    assert 5 < sum(fault is not None for fault in first) < 25
    fake.random_faults(1, rate=0)
    assert post(raw, token) == 201


def test_chance_spares_git_unless_asked(fake, repo, working, tmp_path):
    elsewhere = make_repository(tmp_path / "elsewhere")
    fake.random_faults(1, rate=1.0)

    elsewhere.git("fetch", "--quiet", repo.git_url, "main")

    fake.random_faults(1, rate=1.0, git=True)
    with pytest.raises(subprocess.CalledProcessError):
        elsewhere.git("fetch", "--quiet", repo.git_url, "main")


def test_a_planned_fault_hits_git_where_it_names_its_path(fake, repo, tmp_path):
    elsewhere = make_repository(tmp_path / "elsewhere")
    fault = fake.fault("503_before", path="/info/refs$")

    with pytest.raises(subprocess.CalledProcessError) as caught:
        elsewhere.git("fetch", "--quiet", repo.git_url, "main")

    assert b"503" in caught.value.stderr
    assert fault.struck == 1


def test_a_push_can_be_done_though_its_answer_is_lost(fake, repo, working):
    token = fake.token(repo, permissions={"contents": "write"})
    address = repo.git_url.replace("http://", f"http://x-access-token:{token}@")
    sha = working.commit("pushed")
    fake.fault("reset_after", path="/git-receive-pack$")

    with pytest.raises(subprocess.CalledProcessError):
        working.git("push", "--quiet", address, "feature")

    assert repo.branch_sha("feature") == sha


def test_the_state_can_change_between_two_requests(fake, repo, pull, raw, working):
    before = pull.head_sha

    def move(request):
        if request.number == 2:
            working.commit("sneaky")
            pull.push()

    fake.before_request(move)
    seen = [raw.ask("GET", "/repos/octo/demo/pulls/1").json()["head"]["sha"] for _ in range(3)]

    assert seen == [before, pull.head_sha, pull.head_sha]
    assert before != pull.head_sha


def test_requests_are_remembered(fake, pull, raw, token):
    raw.ask("GET", f"{COMMENTS}?per_page=5", token=token)
    post(raw, token)

    first, second = fake.requests
    assert (first.method, first.path, first.query) == ("GET", COMMENTS, "per_page=5")
    assert (first.operation, first.status, first.creates_content) == (
        "issues/list-comments", 200, False,
    )  # fmt: skip
    assert (second.operation, second.status, second.creates_content) == (
        "issues/create-comment", 201, True,
    )  # fmt: skip
    assert second.login == "github-actions[bot]"


def test_a_server_that_stopped_is_gone(fake, raw):
    raw.ask("GET", "/rate_limit")

    fake.stop()

    with pytest.raises(requests.ConnectionError, match=re.compile("refused|aborted|reset", re.I)):
        raw.ask("GET", "/rate_limit")
