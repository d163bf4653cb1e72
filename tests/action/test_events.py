"""What each event makes the Action do."""

import pytest
from building.worlds import CHECKOUT

HISTORY = {**CHECKOUT, "with": {**CHECKOUT["with"], "fetch-depth": "0"}}


@pytest.fixture(scope="module")
def main(new_world):
    """A repository whose default branch got one more commit, which changed one notebook of two."""
    world = new_world({"a.ipynb": ["1"], "b.ipynb": ["2"]}, {"c.ipynb": ["3"]})
    world.working.git("switch", "--quiet", "main")
    world.change({"b.ipynb": ["4"]})
    world.repository.sync()
    world.sha = world.repository.branch_sha("main")
    return world


def ran(world, sha):
    """Return the notebooks that the last job ran."""
    ending = f"/{world.machine.run_id}"
    checks = world.repository.check_runs(sha)
    return {check.name for check in checks if check.external_id.endswith(ending)} - {"nbci report"}


@pytest.mark.parametrize("checkout", [CHECKOUT, HISTORY])
def test_a_push_is_compared_with_what_was_there_before(main, checkout):
    push = main.repository.push_event("main")

    result = main.run(checkout=checkout, **main.on_main("push", push))

    assert result.outcome == "success"
    assert ran(main, main.sha) == {"b.ipynb"}
    assert main.repository.comments(main.pull) == []


def test_a_new_branch_is_compared_with_the_default_branch(main):
    sha = main.repository.branch_sha("feature")
    push = main.repository.push_event("feature", before="0" * 40)

    main.run(event_name="push", event=push, sha=sha, ref="refs/heads/feature")

    assert ran(main, sha) == {"c.ipynb"}


def test_a_deleted_branch_asks_for_nothing(main):
    push = main.repository.push_event("main") | {"deleted": True, "after": "0" * 40}

    result = main.run(checkout=None, **main.on_main("push", push))

    assert result.outcome == "success"
    assert "Nothing to do: refs/heads/main was deleted" in result.log


def test_a_run_by_hand_on_the_default_branch_is_compared_with_its_parent(main):
    dispatch = main.repository.dispatch_event()

    main.run(**main.on_main("workflow_dispatch", dispatch))

    assert ran(main, main.sha) == {"b.ipynb"}


@pytest.mark.parametrize(
    ("inputs", "notebooks"),
    [
        ({"notebooks": "a.ipynb"}, {"a.ipynb"}),
        ({"all": "true"}, {"a.ipynb", "b.ipynb"}),
        ({"all": "true", "notebooks": "a*"}, {"a.ipynb"}),
        ({"notebooks": "a.ipynb", "parameters": "n=3\nname=two words"},
         {"a.ipynb [n=3, name='two words']"}),
    ],
)  # fmt: skip
def test_a_run_by_hand_runs_what_its_inputs_say(main, inputs, notebooks):
    dispatch = main.repository.dispatch_event()

    main.run(inputs, **main.on_main("workflow_dispatch", dispatch))

    assert ran(main, main.sha) == notebooks


def test_a_merge_group_is_compared_with_its_base(main):
    event = main.repository.merge_group_event(main.pull)
    group = event["merge_group"]

    result = main.run(
        event_name="merge_group", event=event, sha=group["head_sha"], ref=group["head_ref"]
    )

    assert result.outcome == "success"
    assert ran(main, group["head_sha"]) == {"c.ipynb"}
    assert main.repository.comments(main.pull) == []


def test_a_schedule_runs_all(main):
    schedule = main.repository.schedule_event()

    result = main.run(**main.on_main("schedule", schedule))

    assert result.outcome == "success"
    assert ran(main, main.sha) == {"a.ipynb", "b.ipynb"}


def test_that_old_outputs_cannot_be_removed_fails_nothing(main):
    main.github.fault("secondary_limit", path="/pulls$")
    token = main.github.token(main.repository, permissions={"checks": "write", "contents": "write"})
    inputs = {"token": token, "outputs-branch": "nbci-outputs"}

    result = main.run(inputs, **main.on_main("schedule", main.repository.schedule_event()))

    assert result.outcome == "success"
    assert "old executed notebooks could not be removed" in result.annotated("warning")[0]


def test_pull_request_target_is_refused(main):
    count = len(main.writes())

    result = main.run(event_name="pull_request_target")

    assert result.outcome == "failure"
    assert "does not run under pull_request_target" in result.annotated("error")[0]
    assert len(main.writes()) == count


def test_an_unknown_event_is_refused_with_those_it_knows(main):
    result = main.run(event_name="gollum", event={"action": "edited"})

    (message, _) = result.annotated("error")
    assert "nbci does not act on the event gollum; it does on pull_request" in message


def test_a_closed_pull_request_runs_nothing(main):
    count = len(main.writes())

    result = main.run(checkout=None, event=main.pull.event("closed"))

    assert result.outcome == "success"
    assert len(main.writes()) == count
