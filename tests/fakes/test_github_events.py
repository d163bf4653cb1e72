"""Event payloads of the fake GitHub, and the real ones they are made of."""

from __future__ import annotations

import json

import pytest
from fakes.github import event_names, payloads


def test_real_payloads_are_there_to_be_changed():
    first = payloads("pull_request")[0]
    first["action"] = "changed"

    assert payloads("pull_request")[0]["action"] == "opened"
    wanted = {"check_run", "installation", "issue_comment", "merge_group", "ping", "push"}
    assert wanted < set(event_names())


@pytest.mark.parametrize(
    "action",
    ["opened", "synchronize", "reopened", "closed", "edited", "labeled", "ready_for_review"],
)
def test_a_pull_request_event_tells_this_githubs_state(fake, repo, pull, action):
    event = pull.event(action, sender="somebody", base={"ref": {"from": "old"}})

    assert event["action"] == action
    assert event["number"] == event["pull_request"]["number"] == pull.number
    assert event["pull_request"]["head"]["sha"] == pull.head_sha
    assert event["pull_request"]["base"]["repo"]["id"] == event["repository"]["id"] == repo.id
    assert event["repository"]["full_name"] == "octo/demo"
    assert event["sender"]["login"] == "somebody"
    assert event["changes"] == {"base": {"ref": {"from": "old"}}}
    assert ("after" in event) is (action == "synchronize")


def test_a_forks_pull_request_event_names_both_repositories(repo):
    pull = repo.open_pull_request("feature", fork="stranger", author="stranger")

    event = pull.event("opened")

    assert event["pull_request"]["head"]["repo"]["full_name"] == "stranger/demo"
    assert event["pull_request"]["head"]["repo"]["fork"] is True
    assert event["pull_request"]["author_association"] == "NONE"


@pytest.mark.parametrize("action", ["created", "edited", "deleted"])
def test_a_comment_event_tells_who_said_what(repo, pull, action):
    repo.add_collaborator("writer")
    comment = repo.comment(pull, "/nbci run", "writer")
    comment.edit("/nbci run all")

    event = comment.event(action)

    assert event["action"] == action
    assert event["comment"]["body"] == "/nbci run all"
    assert event["comment"]["user"]["login"] == event["sender"]["login"] == "writer"
    assert event["comment"]["author_association"] == "COLLABORATOR"
    assert event["issue"]["number"] == pull.number
    assert event["issue"]["pull_request"]["url"].endswith("/pulls/1")
    expected = {"body": {"from": "/nbci run"}} if action == "edited" else None
    assert event.get("changes") == expected


def test_a_push_event_lists_its_commits(repo, working):
    before = repo.branch_sha("feature")
    working.git("rm", "--quiet", "b.ipynb")
    working.write("c.ipynb", ["x"])
    working.write("lib/tool.py", "x = 2\n")
    after = working.commit("change")
    repo.sync()

    event = repo.push_event("feature", before)

    assert (event["ref"], event["before"], event["after"]) == ("refs/heads/feature", before, after)
    (commit,) = event["commits"]
    assert (commit["added"], commit["removed"]) == (["c.ipynb"], ["b.ipynb"])
    assert commit["modified"] == ["lib/tool.py"]
    assert (event["created"], event["forced"]) == (False, False)


def test_a_first_push_creates_its_branch(repo):
    event = repo.push_event("main")

    assert event["before"] == "0" * 40
    assert event["created"] is True
    assert event["commits"][0]["added"] == ["a.ipynb", "lib/tool.py"]


def test_a_dispatch_event_has_its_inputs_as_text(repo):
    event = repo.dispatch_event({"all": True, "jobs": 4}, sender="writer")

    assert event["inputs"] == {"all": "true", "jobs": "4"}
    assert (event["ref"], event["sender"]["login"]) == ("refs/heads/main", "writer")


def test_a_schedule_event_has_its_cron_line(repo):
    event = repo.schedule_event("0 4 * * 1")

    assert event["schedule"] == "0 4 * * 1"
    assert event["repository"]["default_branch"] == "main"


def test_a_merge_group_has_a_commit_of_its_own(repo, pull):
    group = repo.merge_group_event(pull)["merge_group"]

    assert group["base_sha"] == repo.branch_sha("main")
    assert repo.store.commit(group["head_sha"]).parents == (group["base_sha"], pull.head_sha)
    assert repo.store.ref(group["head_ref"]) == group["head_sha"]


def test_a_check_run_event_names_the_button(repo, pull, connect, token):
    made = connect(token).get_repo("octo/demo").create_check_run("nbci", pull.head_sha)
    (run,) = repo.check_runs()

    event = repo.check_run_event(run, "requested_action", "writer", identifier="rerun_failed")

    assert event["check_run"]["id"] == made.id
    assert event["requested_action"] == {"identifier": "rerun_failed"}


def test_no_event_leads_anywhere_else(fake, repo, pull):
    comment = repo.comment(pull, "hello")
    events = [
        pull.event("opened"),
        comment.event(),
        repo.push_event(),
        repo.dispatch_event(),
        repo.schedule_event(),
        repo.merge_group_event(pull),
    ]

    text = json.dumps(events)

    assert "https://api.github.com/repos" not in text
    assert "Codertocat/Hello-World" not in text
    assert f"{fake.api_url}/repos/octo/demo" in text
