"""Check runs of the fake GitHub."""

from __future__ import annotations

import pytest
from github import GithubException

OUTPUT = {"title": "2 of 7", "summary": "Two failed."}
LINE = {
    "path": "a.ipynb",
    "start_line": 3,
    "end_line": 3,
    "annotation_level": "failure",
    "message": "it failed",
}


@pytest.fixture
def client_repo(connect, token):
    return connect(token).get_repo("octo/demo")


@pytest.fixture
def run(client_repo, pull):
    return client_repo.create_check_run(
        "nbci", pull.head_sha, status="in_progress", external_id="nbci-1", output=OUTPUT
    )


def test_a_check_run_says_what_it_was_told(repo, run, pull):
    run.edit(status="completed", conclusion="failure", output={**OUTPUT, "text": "More."})

    (kept,) = repo.check_runs(pull.head_sha)
    assert (kept.name, kept.external_id, kept.app.slug) == ("nbci", "nbci-1", "github-actions")
    assert (kept.status, kept.conclusion, kept.text) == ("completed", "failure", "More.")
    assert [state.status for state in kept.history] == ["in_progress", "completed"]
    assert kept.completed_at is not None
    assert run.app.slug == "github-actions"


def test_annotations_of_an_update_are_added_to_those_there_are(repo, run):
    for start in range(3):
        run.edit(output={**OUTPUT, "annotations": [{**LINE, "title": f"{start}"}] * 50})

    assert len(repo.check_runs()[0].annotations) == 150
    assert [item.title for item in run.get_annotations()] == ["0"] * 50 + ["1"] * 50 + ["2"] * 50


def test_a_run_that_is_in_progress_again_has_no_conclusion(repo, run):
    run.edit(conclusion="success")

    run.edit(status="in_progress")

    assert repo.check_runs()[0].status == "in_progress"
    assert repo.check_runs()[0].conclusion is None
    assert repo.check_runs()[0].completed_at is None


def test_a_conclusion_completes_the_run(repo, run):
    run.edit(conclusion="neutral")

    assert repo.check_runs()[0].status == "completed"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "completed"}, "is not valid under any of the given schemas"),
        ({"completed_at": "2026-01-01T00:00:00Z"}, 'Missing required key "conclusion"'),
        ({"conclusion": "stale"}, "Only GitHub can conclude"),
        ({"conclusion": "failed"}, "'failed' is not one of"),
        ({"output": {"title": "t"}}, "'summary' is a required property"),
        ({"output": {"title": "t", "summary": "s" * 65_536}}, "is too long"),
        ({"output": {**OUTPUT, "text": "t" * 65_536}}, "is too long"),
        ({"output": {**OUTPUT, "annotations": [LINE] * 51}}, "is too long"),
        ({"output": {**OUTPUT, "annotations": [{**LINE, "path": ""}]}}, "path is empty"),
        ({"output": {**OUTPUT, "annotations": [{**LINE, "end_line": 2}]}}, "comes before"),
        ({"output": {**OUTPUT, "annotations": [{**LINE, "start_line": 0}]}}, "or line 1"),
        ({"output": {**OUTPUT, "annotations": [{**LINE, "message": ""}]}}, "message is empty"),
        (
            {"output": {**OUTPUT, "annotations": [{**LINE, "end_line": 9, "start_column": 1}]}},
            "to be the same",
        ),
        ({"output": {**OUTPUT, "annotations": [{**LINE, "title": "t" * 256}]}}, "255 characters"),
        (
            {"output": {**OUTPUT, "annotations": [{**LINE, "message": "é" * 32_769}]}},
            "message is too long (maximum is 64 KB)",
        ),
        (
            {"output": {**OUTPUT, "annotations": [{**LINE, "raw_details": "d" * 65_537}]}},
            "raw_details is too long (maximum is 64 KB)",
        ),
        (
            {"actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4},
            "is too long",
        ),
        ({"actions": [{"label": "l" * 21, "description": "d", "identifier": "i"}]}, "too long"),
        ({"actions": [{"label": "l", "description": "d" * 41, "identifier": "i"}]}, "too long"),
        ({"actions": [{"label": "l", "description": "d", "identifier": "i" * 21}]}, "too long"),
    ],
)
def test_what_github_refuses_of_a_check_run_is_refused(fake, repo, run, change, message):
    with pytest.raises(GithubException) as caught:
        run.requester.requestJsonAndCheck("PATCH", run.url, input=change)

    assert caught.value.status == 422
    assert message in caught.value.data["message"]
    assert len(fake.violations) == 1
    assert len(repo.check_runs()[0].history) == 1


def test_the_largest_texts_are_accepted(fake, repo, run):
    annotation = {**LINE, "title": "é" * 255, "message": "m" * 65_536, "raw_details": "d" * 65_536}

    run.edit(output={"title": "t", "summary": "é" * 65_535, "text": "é" * 65_535,
                     "annotations": [annotation] * 50})  # fmt: skip

    assert len(repo.check_runs()[0].annotations) == 50
    assert fake.violations == []


def test_a_check_run_needs_a_commit_that_is_there(client_repo):
    with pytest.raises(GithubException) as caught:
        client_repo.create_check_run("nbci", "1" * 40)

    assert caught.value.status == 422
    assert "No commit found for SHA" in caught.value.data["message"]


def test_another_apps_check_run_cannot_be_changed(fake, repo, run, connect):
    other = connect(fake.token(repo, "nbci[bot]"))

    with pytest.raises(GithubException) as caught:
        other.get_repo("octo/demo").get_check_run(run.id).edit(status="in_progress")

    assert caught.value.status == 403


def test_a_person_cannot_write_check_runs(fake, pull, connect):
    own = connect(fake.user_token("octo")).get_repo("octo/demo")

    with pytest.raises(GithubException) as caught:
        own.create_check_run("nbci", pull.head_sha)

    assert caught.value.status == 403
    assert caught.value.data["message"] == "You must authenticate via a GitHub App."


def test_check_runs_are_found_by_name_status_app_and_page(fake, repo, pull, client_repo, connect):
    for number in range(120):
        client_repo.create_check_run(f"nb {number}", pull.head_sha, status="queued")
    client_repo.create_check_run("nb 7", pull.head_sha, conclusion="success")
    other = connect(fake.token(repo, "nbci[bot]")).get_repo("octo/demo")
    other.create_check_run("nb 7", pull.head_sha)
    commit = client_repo.get_commit(pull.head_sha)

    latest = commit.get_check_runs()

    assert latest.totalCount == 121
    assert len({run.id for run in latest}) == 121
    assert len(list(commit.get_check_runs(filter="all"))) == 122
    named = {(run.app.slug, run.status) for run in commit.get_check_runs(check_name="nb 7")}
    assert named == {("github-actions", "completed"), ("nbci", "queued")}
    assert commit.get_check_runs(status="completed").totalCount == 1
    app_id = fake.app("nbci").id
    found = commit.requester.requestJsonAndCheck(
        "GET", f"{commit.url}/check-runs", parameters={"app_id": app_id}
    )[1]
    assert found["total_count"] == 1


def test_each_app_has_one_check_suite_for_a_commit(fake, repo, pull, run, client_repo, connect):
    other = connect(fake.token(repo, "nbci[bot]")).get_repo("octo/demo")
    other.create_check_run("one", pull.head_sha, conclusion="success")
    other.create_check_run("two", pull.head_sha, conclusion="failure")

    suites = {
        suite.app.slug: suite for suite in client_repo.get_commit("feature").get_check_suites()
    }

    assert suites["github-actions"].status == "in_progress"
    assert (suites["nbci"].conclusion, suites["nbci"].latest_check_runs_count) == ("failure", 2)


def test_a_check_run_names_the_pull_requests_of_the_repositorys_own_branches(repo, run, working):
    working.git("switch", "--quiet", "--create", "theirs")
    working.commit("theirs")
    repo.open_pull_request("theirs", fork="stranger", author="stranger")

    assert [item.number for item in run.pull_requests] == [1]
