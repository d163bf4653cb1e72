"""Who is heard, and what is not run although they are."""

import pytest

HEAD = ("GET", "/repos/acme/films/pulls/1")


def assert_nothing_ran(world):
    assert world.conclusions() == {}
    assert [path for _, path in world.writes() if "check-runs" in path or "statuses" in path] == []


def test_a_stranger_gets_one_reaction_and_no_reply(world):
    comment = world.comment("/nbci run", "stranger")

    result = world.hear(comment)

    assert result.outcome == "success"
    assert world.reactions(comment) == ["confused"]
    assert world.replies == []
    assert_nothing_ran(world)


def test_a_stranger_learns_nothing_by_mistakes_either(world):
    comment = world.comment("/nbci run --foo", "stranger")

    world.hear(comment)

    assert world.reactions(comment) == ["confused"]
    assert world.replies == []


@pytest.mark.parametrize("role", ["read", "triage"])
def test_who_may_not_write_is_a_stranger_whatever_the_association_says(world, role):
    world.repository.add_collaborator("nadia", role)
    comment = world.repository.comment(world.pull, "/nbci run", "nadia", association="MEMBER")

    world.hear(comment)

    assert world.reactions(comment) == ["confused"]
    assert_nothing_ran(world)


@pytest.mark.parametrize(
    "fault", [{"kind": "500_before", "times": 9}, {"kind": "secondary_limit", "status": 403}]
)
def test_nothing_runs_when_the_permission_cannot_be_verified(world, fault):
    world.github.fault(path="/collaborators/maria/permission", **fault)

    world.obey("/nbci run")

    (reply,) = world.replies
    assert "could not be verified" in reply
    assert_nothing_ran(world)


def test_that_permissions_cannot_be_verified_is_said_once(world):
    world.github.fault("secondary_limit", path="/collaborators/", times=99)

    for _ in range(3):
        world.obey("/nbci run", login="stranger")

    assert len(world.replies) == 1
    assert_nothing_ran(world)


def test_an_edited_comment_is_not_obeyed(world):
    comment = world.comment("hello")
    comment.edit("/nbci run")

    world.hear(comment, action="edited")

    assert world.reactions(comment) == []
    assert world.writes() == []


def test_who_edits_somebody_elses_comment_is_not_obeyed(world):
    comment = world.comment("/nbci run")

    world.hear(comment, sender="stranger")

    assert world.writes() == []


@pytest.mark.parametrize("login", ["dependabot[bot]", "github-actions[bot]"])
def test_a_bot_is_not_obeyed(world, login):
    world.repository.add_collaborator(login, "admin")

    world.obey("/nbci run", login=login)

    assert world.writes() == []


def test_an_app_that_writes_as_a_person_is_not_obeyed(world):
    comment = world.repository.comment(world.pull, "/nbci run", "maria", app="some-app")

    world.hear(comment)

    assert world.writes() == []


def test_an_issue_is_no_pull_request(world):
    issue = world.repository.open_issue()
    comment = world.repository.comment(issue, "/nbci run", "maria")

    result = world.hear(comment)

    assert "not on a pull request" in result.log
    assert world.writes() == []


@pytest.mark.parametrize("body", ["What about `/nbci run`?", "> /nbci run", "nice work"])
def test_talk_about_commands_is_none(world, body):
    result = world.obey(body)

    assert "holds no command" in result.log
    assert world.writes() == []


@pytest.mark.parametrize("state", ["closed", "merged", "locked"])
def test_a_pull_request_that_is_over_is_not_run(world, state):
    comment = world.comment("/nbci run")
    if state == "locked":
        world.pull.locked = True
    else:
        world.pull.close(merged=state == "merged")

    world.hear(comment)

    assert state in world.replies[-1]
    assert_nothing_ran(world)


def test_a_forks_code_is_not_run_beside_a_token_that_may_write(new_world):
    world = new_world({}, {"a.ipynb": ["1"]}, fork="stranger")

    world.obey(f"/nbci run --sha {world.head}")

    assert "comes from a fork" in world.replies[-1]
    assert "token may write" in world.replies[-1]
    assert_nothing_ran(world)


def moments(new_world):
    """Return the numbers of the requests between the first look at the head and the last."""
    world = new_world({}, {"a.ipynb": ["1"]})
    world.obey("/nbci run")
    paths = [(request.method, request.path) for request in world.github.requests]
    looks = [number for number, asked in enumerate(paths) if asked == HEAD]
    return range(looks[0] + 1, looks[-1] + 1)


def test_a_head_that_moves_before_the_notebooks_start_is_not_run(new_world):
    for moment in moments(new_world):
        world = new_world({}, {"a.ipynb": ["1"]})
        comment = world.comment("/nbci run")
        seen = world.head

        def push(_, world=world, moment=moment, seen=seen):
            if len(world.github.requests) > moment and world.head == seen:
                world.push({"a.ipynb": ["2"]})

        world.github.before_request(push)
        world.hear(comment)

        assert_nothing_ran(world)
        assert world.repository.check_runs(seen) == []
        assert seen[:10] in world.replies[-1]
        assert world.head[:10] in world.replies[-1]
