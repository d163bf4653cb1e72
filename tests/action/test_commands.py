"""What people say in comments is carried out, or refused with the reason, and answered."""

import pytest
from fakes.actions.runner import OWN_ACTION

NOTEBOOKS = {
    "passes.ipynb": ["print('here')"],
    "fails.ipynb": ["n = 1", "1/0"],
    "folder/deep.ipynb": ["2"],
}


@pytest.fixture(scope="module")
def talk(new_world):
    """A pull request on which the notebooks ran once, and one of two failed."""
    world = new_world(
        {"folder/deep.ipynb": ["2"]},
        {name: NOTEBOOKS[name] for name in ("passes.ipynb", "fails.ipynb")},
    )
    world.run()
    return world


def outcome_of(world, result):
    """Return which notebooks a job ran: the newest check runs whose origin is its run."""
    number = world.machine.run_id
    return {
        check.name
        for check in world.repository.check_runs()
        if check.external_id.endswith(f"/{number}") and check.name.endswith(".ipynb")
    }


@pytest.mark.parametrize(
    ("words", "notebooks"),
    [
        ("run", {"passes.ipynb", "fails.ipynb"}),
        ("run changed", {"passes.ipynb", "fails.ipynb"}),
        ("run folder/", {"folder/deep.ipynb"}),
        ("run failed", {"fails.ipynb"}),
        ("run all", set(NOTEBOOKS)),
    ],
)
def test_run_runs_what_it_is_asked_for(talk, words, notebooks):
    if words == "run failed":
        talk.obey("/nbci run")

    result = talk.obey(f"/nbci {words}")

    assert outcome_of(talk, result) == notebooks
    assert len(talk.repository.comments(talk.pull)) == 1 + 2 * len(talk.replies)


def test_a_run_is_acknowledged_answered_and_linked(talk):
    comment = talk.comment("Let us see:\n\n/nbci run passes.ipynb\n")

    result = talk.hear(comment)

    assert result.outcome == "success"
    assert talk.reactions(comment) == ["eyes", "rocket"]
    assert "1 notebook passed" in talk.replies[-1]
    assert f"/actions/runs/{talk.machine.run_id}" in talk.replies[-1]


def test_a_run_that_fails_is_answered_as_one(talk):
    comment = talk.comment("/nbci run fails.ipynb")

    result = talk.hear(comment)

    assert result.outcome == "failure"
    assert talk.reactions(comment) == ["eyes", "-1"]
    assert "1 of 1 notebook failed" in talk.replies[-1]


def test_nothing_of_the_pull_request_is_checked_out_in_the_workspace(talk):
    talk.obey("/nbci run passes.ipynb")

    assert list(talk.machine.workspace.iterdir()) == []


def test_parameters_are_those_of_the_comment(new_world):
    parameters = {"cell_type": "code", "metadata": {"tags": ["parameters"]}}
    cell = {**parameters, "source": "n = 1", "outputs": [], "execution_count": None}
    world = new_world({}, {"a.ipynb": [cell, "assert n == 3, n"]})

    result = world.obey("/nbci run -p n=3")

    assert result.outcome == "success"
    assert "a.ipynb [n=3]" in world.checks()


def test_the_named_commit_is_run_while_it_is_the_head(talk):
    result = talk.obey(f"/nbci run passes.ipynb --sha {talk.head[:7]}")

    assert result.outcome == "success"
    assert talk.head[:10] in talk.replies[-1]


def test_another_commit_is_not_run(talk):
    base = talk.repository.branch_sha("main")
    count = len(talk.repository.check_runs())

    talk.obey(f"/nbci run --sha {base}")

    assert base[:10] in talk.replies[-1]
    assert talk.head[:10] in talk.replies[-1]
    assert len(talk.repository.check_runs()) == count


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/nbci run --sha abc", "--sha"),
        ("/nbci run --foo", "--foo"),
        ("/nbci rnu", "has no command `rnu`"),
        ("/nbci help", "To tell it what to do, begin a line"),
        ("/nbci", "After `/nbci`, say what to do."),
    ],
)
def test_usage_is_replied(talk, command, answer):
    count = len(talk.repository.check_runs())

    result = talk.obey(command)

    assert result.outcome == "success"
    assert answer in talk.replies[-1]
    assert "| `/nbci run failed` |" in talk.replies[-1]
    assert len(talk.repository.check_runs()) == count


def test_status_says_how_it_went(talk):
    talk.obey("/nbci run")

    talk.obey("/nbci status")

    assert "1 of 2 notebooks failed" in talk.replies[-1]


def test_status_and_failed_know_when_there_is_nothing_to_go_by(world):
    world.obey("/nbci status")
    world.obey("/nbci run failed")

    assert "Nothing was run for" in world.replies[0]
    assert "There is no earlier result for" in world.replies[1]
    assert world.conclusions() == {}


def test_failed_has_nothing_to_do_after_success(world):
    world.run()

    world.obey("/nbci run failed")

    assert "Every notebook passed" in world.replies[-1]


def test_a_compute_is_none_of_this_runner(world):
    world.obey("/nbci run --compute gpu")

    assert "There is no compute `gpu` here" in world.replies[-1]
    assert world.conclusions() == {}


def test_failed_remembers_what_a_run_of_other_notebooks_did_not_touch(talk):
    talk.obey("/nbci run")
    talk.obey("/nbci run passes.ipynb")

    result = talk.obey("/nbci run failed")

    assert outcome_of(talk, result) == {"fails.ipynb"}


ACKNOWLEDGE = {"mode": "acknowledge"}


def test_a_run_can_be_acknowledged_before_anything_is_installed(talk):
    comment = talk.comment("/nbci run passes.ipynb")
    replies, checks = len(talk.replies), len(talk.repository.check_runs())

    result = talk.hear(comment, ACKNOWLEDGE)

    assert result.outputs["run"] == "true"
    assert talk.reactions(comment) == ["eyes"]
    assert (len(talk.replies), len(talk.repository.check_runs())) == (replies, checks)


def test_what_was_acknowledged_is_what_runs(world):
    seen, asked = world.head, []

    def push_between_the_steps(request):
        if request.path.endswith("/permission"):
            asked.append(request)
            if len(asked) == 2:
                world.push({"later.ipynb": ["1"]})

    world.github.before_request(push_between_the_steps)
    steps = [
        {"id": "command", "uses": f"{OWN_ACTION}@main", "with": ACKNOWLEDGE},
        {"id": "nbci", "uses": f"{OWN_ACTION}@main"},
    ]

    world.obey("/nbci run", steps=steps)

    assert f"moved from `{seen[:10]}` to `{world.head[:10]}`" in world.replies[-1]
    assert world.conclusions(seen) == world.conclusions() == {}


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/nbci help", "| `/nbci run failed` |"),
        ("/nbci run --sha abcdef1", "has moved"),
        ("/nbci run --wrong", "has no option"),
    ],
)
def test_what_runs_nothing_is_answered_with_the_acknowledgement(talk, command, answer):
    result = talk.obey(command, ACKNOWLEDGE)

    assert result.outputs["run"] == ""
    assert answer in talk.replies[-1]


def test_other_events_are_not_acknowledged(world):
    result = world.run(ACKNOWLEDGE)

    assert result.outcome == "failure"
    assert "`acknowledge` is for the event issue_comment only" in result.log


def test_cancel_ends_the_actions_runs_that_work_on_the_pull_request(world):
    job = world.repository.add_workflow_run(world.head)
    world.repository.add_job_check(job, "nbci")
    other = world.repository.add_workflow_run(world.head, name="tests")
    world.repository.add_job_check(other, "build")
    token = world.github.token(
        world.repository,
        permissions={"checks": "read", "pull_requests": "write", "actions": "write"},
    )

    world.obey("/nbci cancel", {"token": token})

    assert "Cancelled what was running" in world.replies[-1]
    assert (job.conclusion, other.conclusion) == ("cancelled", None)


def test_cancel_says_when_nothing_runs(world):
    world.obey("/nbci cancel")

    assert "Nothing is running" in world.replies[-1]


def test_cancel_names_the_permission_that_is_missing(world):
    job = world.repository.add_workflow_run(world.head)
    world.repository.add_job_check(job, "nbci")

    result = world.obey("/nbci cancel")

    assert result.outcome == "failure"
    assert "`actions: write`" in world.replies[-1]
