"""What the fake GitHub answers is what GitHub's description promises."""

from __future__ import annotations

import pytest
from fakes.github import description
from fakes.github.completion import complete
from fakes.github.endpoints import ENDPOINTS
from fakes.github.validation import response_mistakes

OUTPUT = {"title": "t", "summary": "s"}
LINE = {
    "path": "a.ipynb", "start_line": 1, "end_line": 1,
    "annotation_level": "failure", "message": "m",
}  # fmt: skip
REPO = "/repos/octo/demo"


@pytest.fixture
def ask(fake, repo, raw):
    """Send a request and fail unless the answer is as described."""
    permissions = dict.fromkeys(
        ("actions", "checks", "contents", "issues", "pull_requests", "statuses"), "write"
    )
    token = fake.token(repo, permissions=permissions)

    def send(method, path, body=None):
        answer = raw.ask(method, path, token=token, json=body)
        assert answer.status_code < 300, answer.text
        found = description.find(method, path.partition("?")[0])
        assert found
        value = answer.json() if answer.content else None
        assert response_mistakes(found[0], answer.status_code, value) == []
        return value

    return send


def test_check_runs_are_as_described(ask, pull):
    output = {**OUTPUT, "annotations": [LINE]}
    run = ask("POST", f"{REPO}/check-runs", {"name": "n", "head_sha": pull.head_sha})
    path = f"{REPO}/check-runs/{run['id']}"

    ask("PATCH", path, {"conclusion": "failure", "output": output})

    ask("GET", path)
    ask("GET", f"{path}/annotations")
    ask("GET", f"{REPO}/commits/{pull.head_sha}/check-runs")
    ask("GET", f"{REPO}/commits/feature/check-suites")


def test_comments_are_as_described(ask, pull):
    comment = ask("POST", f"{REPO}/issues/1/comments", {"body": "hello"})
    path = f"{REPO}/issues/comments/{comment['id']}"

    ask("PATCH", path, {"body": "again"})

    ask("GET", path)
    ask("GET", f"{REPO}/issues/1/comments")
    ask("POST", f"{path}/reactions", {"content": "rocket"})
    ask("POST", f"{path}/reactions", {"content": "rocket"})
    ask("GET", f"{path}/reactions")
    assert ask("DELETE", path) is None


@pytest.mark.parametrize("fork", [None, "stranger"])
def test_pull_requests_are_as_described(ask, repo, fork):
    repo.open_pull_request("feature", fork=fork)

    ask("GET", f"{REPO}/pulls/1")

    ask("GET", f"{REPO}/pulls")
    ask("GET", f"{REPO}/pulls/1/files")
    ask("GET", f"{REPO}/issues/1")
    ask("GET", f"{REPO}/commits/{repo.pull(1).head_sha}/pulls")
    ask("GET", f"{REPO}/compare/main...refs/pull/1/head")


def test_git_data_is_as_described(ask, pull):
    blob = ask("POST", f"{REPO}/git/blobs", {"content": "c"})
    item = {"path": "a", "mode": "100644", "type": "blob", "sha": blob["sha"]}
    tree = ask("POST", f"{REPO}/git/trees", {"tree": [item]})
    commit = ask("POST", f"{REPO}/git/commits", {"message": "m", "tree": tree["sha"]})
    ask("POST", f"{REPO}/git/refs", {"ref": "refs/heads/x", "sha": commit["sha"]})

    ask("PATCH", f"{REPO}/git/refs/heads/x", {"sha": pull.head_sha, "force": True})

    ask("GET", f"{REPO}/git/blobs/{blob['sha']}")
    ask("GET", f"{REPO}/git/trees/{tree['sha']}?recursive=1")
    ask("GET", f"{REPO}/git/commits/{commit['sha']}")
    ask("GET", f"{REPO}/commits/{commit['sha']}")
    ask("GET", f"{REPO}/git/ref/heads/x")
    ask("GET", f"{REPO}/git/matching-refs/heads")
    assert ask("DELETE", f"{REPO}/git/refs/heads/x") is None


def test_contents_are_as_described(ask, repo, working):
    working.root.joinpath("link").symlink_to("a.ipynb")
    working.commit("link")
    repo.sync()

    for path in ("a.ipynb", "lib", "link"):
        ask("GET", f"{REPO}/contents/{path}?ref=feature")


def test_the_rest_is_as_described(ask, repo, pull):
    run = repo.add_workflow_run(pull.head_sha)
    ask("POST", f"{REPO}/statuses/{pull.head_sha}", {"state": "success"})

    ask("GET", f"{REPO}/commits/{pull.head_sha}/status")

    ask("GET", f"{REPO}/commits/{pull.head_sha}/statuses")
    ask("GET", REPO)
    ask("GET", f"{REPO}/collaborators/octo/permission")
    ask("GET", f"{REPO}/actions/runs?event=pull_request&head_sha={pull.head_sha}")
    ask("GET", f"{REPO}/actions/runs/{run.id}")
    ask("POST", f"{REPO}/actions/runs/{run.id}/cancel")
    ask("GET", "/rate_limit")


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_what_an_endpoint_leaves_unsaid_is_filled_in(name):
    (operation,) = (item for item in description.operations() if item.id == name)

    for status, content in operation.responses.items():
        schema = content.get("application/json", {})
        if status.startswith("2") and description.resolve(schema).get("type") == "object":
            assert response_mistakes(operation, int(status), complete(schema, {})) == []
