"""What tokens of the fake GitHub may do."""

from __future__ import annotations

import pytest

WRITES = [
    ("POST", "/check-runs", {"name": "n", "head_sha": "{sha}"}, "checks=write"),
    ("POST", "/issues/1/comments", {"body": "b"}, "issues=write; pull_requests=write"),
    ("POST", "/statuses/{sha}", {"state": "success"}, "statuses=write"),
    ("POST", "/git/blobs", {"content": "c"}, "contents=write"),
    ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": "{sha}"}, "contents=write"),
    ("POST", "/actions/runs/1/cancel", None, "actions=write"),
]


@pytest.mark.parametrize(("method", "path", "body", "permission"), WRITES)
def test_a_missing_permission_is_named(fake, repo, pull, raw, method, path, body, permission):
    token = fake.token(repo, permissions={"contents": "read"})
    body = body and {key: value.format(sha=pull.head_sha) for key, value in body.items()}

    answer = raw.ask(
        method, f"/repos/octo/demo{path}".format(sha=pull.head_sha), token=token, json=body
    )

    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by integration"
    assert answer.headers["X-Accepted-GitHub-Permissions"] == permission
    assert fake.violations == []


@pytest.mark.parametrize("permission", ["issues", "pull_requests"])
def test_either_permission_is_enough_to_comment(fake, repo, pull, raw, permission):
    token = fake.token(repo, permissions={permission: "write"})

    answer = raw.ask("POST", "/repos/octo/demo/issues/1/comments", token=token, json={"body": "b"})

    assert answer.status_code == 201


def test_the_permission_for_pull_requests_is_not_enough_on_an_issue(fake, repo, raw):
    repo.open_issue()
    token = fake.token(repo, permissions={"pull_requests": "write"})

    answer = raw.ask("POST", "/repos/octo/demo/issues/1/comments", token=token, json={"body": "b"})

    assert answer.status_code == 403


@pytest.mark.parametrize("end", ["expired", "unknown"])
def test_a_token_that_is_over_is_a_bad_credential(fake, repo, raw, token, end):
    if end == "expired":
        fake.expire(token)
    else:
        token = "ghs_unknown"

    answer = raw.ask("GET", "/repos/octo/demo", token=token)

    assert answer.status_code == 401
    assert answer.json()["message"] == "Bad credentials"


def test_a_private_repository_is_unknown_to_everybody_else(fake, repo, working, raw, token):
    hidden = fake.add_repository("octo/hidden", git=working, private=True)

    seen = {
        who: raw.ask("GET", "/repos/octo/hidden", token=shown).status_code
        for who, shown in {
            "nobody": None,
            "another repository": token,
            "stranger": fake.user_token("stranger"),
            "owner": fake.user_token("octo"),
            "itself": fake.token(hidden),
        }.items()
    }

    assert seen == {
        "nobody": 404, "another repository": 404, "stranger": 404, "owner": 200, "itself": 200,
    }  # fmt: skip


def test_reading_a_private_repository_needs_the_permission(fake, working, raw):
    hidden = fake.add_repository("octo/hidden", git=working, private=True)
    sha = hidden.branch_sha("main")

    refused = raw.ask(
        "GET", f"/repos/octo/hidden/git/trees/{sha}", token=fake.token(hidden, permissions={})
    )
    allowed = raw.ask("GET", f"/repos/octo/hidden/git/trees/{sha}", token=fake.token(hidden))

    assert refused.status_code == 403
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "contents=read"
    assert allowed.status_code == 200


def test_anybody_reads_what_is_public_and_nobody_writes_without_a_token(repo, pull, raw):
    read = raw.ask("GET", "/repos/octo/demo/pulls/1/files")
    written = raw.ask("POST", "/repos/octo/demo/issues/1/comments", json={"body": "b"})

    assert (read.status_code, written.status_code) == (200, 401)


def test_an_app_is_nobody_and_a_person_is_somebody(fake, raw, token):
    app = raw.ask("GET", "/user", token=token)
    person = raw.ask("GET", "/user", token=fake.user_token("octocat"))

    assert app.status_code == 403
    assert app.json()["message"] == "Resource not accessible by integration"
    assert person.json()["login"] == "octocat"


def test_every_answer_says_what_is_left_of_the_rate(raw, token):
    first = raw.ask("GET", "/repos/octo/demo", token=token)
    second = raw.ask("GET", "/rate_limit", token=token)

    assert first.headers["X-RateLimit-Remaining"] == "4999"
    assert second.headers["X-RateLimit-Remaining"] == "4998"
    assert second.json()["resources"]["core"]["remaining"] == 4998
    assert first.headers["X-GitHub-Request-Id"] != second.headers["X-GitHub-Request-Id"]
