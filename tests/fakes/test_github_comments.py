"""Comments, reactions and statuses of the fake GitHub, and who may do what."""

from __future__ import annotations

import pytest
from github import GithubException, UnknownObjectException


@pytest.fixture
def client_repo(connect, token):
    return connect(token).get_repo("octo/demo")


@pytest.fixture
def client_issue(client_repo, pull):
    return client_repo.get_pull(pull.number)


def test_a_comment_belongs_to_the_account_and_the_app_of_the_token(repo, pull, client_issue):
    comment = client_issue.create_issue_comment("Hello")
    comment.edit("Hello again")

    (kept,) = repo.comments(pull)
    assert (kept.login, kept.app.slug) == ("github-actions[bot]", "github-actions")
    assert kept.bodies == ["Hello", "Hello again"]
    assert comment.user.type == "Bot"
    assert comment.raw_data["performed_via_github_app"]["slug"] == "github-actions"


def test_comments_come_in_pages_that_link_to_each_other(raw, repo, pull, client_issue, token):
    for number in range(101):
        repo.comment(pull, f"comment {number}")

    bodies = [comment.body for comment in client_issue.get_issue_comments()]
    second = raw.ask("GET", "/repos/octo/demo/issues/1/comments?per_page=40&page=2", token=token)

    assert bodies == [f"comment {number}" for number in range(101)]
    assert [item["body"] for item in second.json()] == bodies[40:80]
    pages = {relation: link["url"][-6:] for relation, link in second.links.items()}
    assert pages == {"prev": "page=1", "next": "page=3", "last": "page=3", "first": "page=1"}
    assert "per_page=40" in second.links["next"]["url"]


def test_a_page_holds_at_most_100(raw, repo, pull, token):
    for number in range(130):
        repo.comment(pull, f"comment {number}")

    answer = raw.ask("GET", "/repos/octo/demo/issues/1/comments?per_page=500", token=token)

    assert len(answer.json()) == 100


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "body is blank"),
        (" \n", "body is blank"),
        ("é" * 65_537, "maximum is 65536 characters"),
    ],
)
def test_a_comment_that_is_empty_or_too_long_is_refused(
    fake, repo, pull, client_issue, body, message
):
    with pytest.raises(GithubException) as caught:
        client_issue.create_issue_comment(body)

    assert caught.value.status == 422
    assert message in caught.value.data["errors"][0]["message"]
    assert len(fake.violations) == 1
    assert repo.comments(pull) == []


def test_the_longest_comment_is_accepted(client_issue):
    assert client_issue.create_issue_comment("é" * 65_536).id


def test_a_deleted_comment_is_gone(repo, pull, client_issue):
    comment = client_issue.create_issue_comment("Hello")

    comment.delete()

    assert repo.comments(pull) == []
    with pytest.raises(UnknownObjectException):
        client_issue.get_issue_comment(comment.id)


def test_the_same_reaction_is_given_once(raw, repo, pull, token):
    comment = repo.comment(pull, "/nbci run", "octocat")
    path = f"/repos/octo/demo/issues/comments/{comment.id}/reactions"

    answers = [raw.ask("POST", path, token=token, json={"content": "eyes"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert [(item.content, item.account.login) for item in repo.reactions(comment)] == [
        ("eyes", "github-actions[bot]")
    ]


def test_a_reaction_is_taken_back_by_who_gave_it(fake, repo, pull, client_issue, raw):
    comment = client_issue.create_issue_comment("hello")
    reaction = comment.create_reaction("eyes")
    path = f"/repos/octo/demo/issues/comments/{comment.id}/reactions/{reaction.id}"

    refused = raw.ask("DELETE", path, token=fake.user_token("stranger"))
    taken_back = comment.delete_reaction(reaction.id)

    assert (refused.status_code, taken_back) == (403, True)
    assert repo.reactions(comment.id) == []


def test_a_stranger_may_comment_but_not_change_what_others_wrote(fake, repo, pull, raw):
    stranger = fake.user_token("stranger")
    comment = repo.comment(pull, "mine", "octocat")

    said = raw.ask("POST", "/repos/octo/demo/issues/1/comments", token=stranger, json={"body": "x"})
    changed = raw.ask(
        "PATCH",
        f"/repos/octo/demo/issues/comments/{comment.id}",
        token=stranger,
        json={"body": "x"},
    )

    assert (said.status_code, changed.status_code) == (201, 403)
    assert comment.body == "mine"


def test_nobody_without_write_access_comments_on_a_locked_conversation(
    fake, repo, pull, raw, token
):
    pull.locked = True
    path = "/repos/octo/demo/issues/1/comments"

    stranger = raw.ask("POST", path, token=fake.user_token("stranger"), json={"body": "x"})
    bot = raw.ask("POST", path, token=token, json={"body": "x"})

    assert (stranger.status_code, bot.status_code) == (403, 201)


def test_an_issue_is_no_pull_request(raw, repo, token):
    issue = repo.open_issue()
    comment = repo.comment(issue, "/nbci run")

    answer = raw.ask("GET", f"/repos/octo/demo/pulls/{issue.number}", token=token)

    assert answer.status_code == 404
    assert "pull_request" not in comment.event()["issue"]


def test_the_last_status_of_a_context_counts(raw, repo, pull, client_repo):
    commit = client_repo.get_commit(pull.head_sha)

    commit.create_status("pending", context="nbci", description="running")
    commit.create_status("success", context="nbci", target_url="https://example.org/1")
    commit.create_status("failure", context="other")

    combined = commit.get_combined_status()
    assert (combined.state, combined.total_count) == ("failure", 2)
    assert [status.state for status in repo.statuses(pull.head_sha)] == [
        "pending",
        "success",
        "failure",
    ]


def test_a_statuss_description_has_140_characters_at_most(raw, pull, token):
    path = f"/repos/octo/demo/statuses/{pull.head_sha}"

    answer = raw.ask("POST", path, token=token, json={"state": "error", "description": "d" * 141})

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [
        ("octo", "admin", "admin"),
        ("maintainer", "write", "maintain"),
        ("writer", "write", "write"),
        ("triager", "read", "triage"),
        ("stranger", "read", "read"),
    ],
)
def test_a_persons_permission_is_told(fake, repo, client_repo, login, permission, role):
    fake.account("stranger")
    repo.add_collaborator("maintainer", "maintain")
    repo.add_collaborator("writer", "write")
    repo.add_collaborator("triager", "triage")

    assert client_repo.get_collaborator_permission(login) == permission
    assert client_repo.get_collaborator_role_name(login) == role


def test_nobody_has_no_permission(client_repo):
    with pytest.raises(UnknownObjectException):
        client_repo.get_collaborator_permission("nobody-at-all")


def test_a_stranger_to_a_private_repository_has_the_permission_none(fake, working, connect):
    hidden = fake.add_repository("octo/hidden", git=working, private=True)
    fake.account("stranger")

    found = connect(fake.token(hidden)).get_repo("octo/hidden")

    assert found.get_collaborator_permission("stranger") == "none"


def test_a_workflow_run_is_cancelled_once(fake, repo, pull, connect):
    run = repo.add_workflow_run(pull.head_sha, event="issue_comment")
    repo.add_workflow_run(pull.head_sha, event="push", status="completed", conclusion="success")
    token = fake.token(repo, permissions={"actions": "write"})
    client_repo = connect(token).get_repo("octo/demo")

    (found,) = client_repo.get_workflow_runs(event="issue_comment", head_sha=pull.head_sha)

    assert found.id == run.id
    assert found.cancel() is True
    assert (run.status, run.conclusion) == ("completed", "cancelled")
    assert found.cancel() is False
    assert client_repo.get_workflow_run(run.id).conclusion == "cancelled"
