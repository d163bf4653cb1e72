"""The workflows that are there to be copied do, as they stand, what they are for."""

import pytest

WEEKLY = {"contents": "write", "checks": "write", "pull_requests": "read"}
NOTEBOOKS = {"passes.ipynb": ["1"], "fails.ipynb": ["1/0"]}


@pytest.fixture
def workflow(new_world):
    """A pull request with a notebook that passes and one that fails, and nothing run yet."""
    return new_world({}, NOTEBOOKS)


def test_a_pull_request_is_reported_on(workflow):
    result = workflow.run_workflow("notebooks.yml")

    assert result.outcome == "failure"
    assert workflow.conclusions() == {
        "nbci report": "failure",
        "passes.ipynb": "success",
        "fails.ipynb": "failure",
    }
    assert "1 of 2 notebooks failed" in workflow.living_comment.body


def test_a_pull_request_that_is_closed_runs_nothing(workflow):
    workflow.pull.close()

    result = workflow.run_workflow("notebooks.yml", event=workflow.pull.event("closed"))

    assert result.outcome == "success"
    assert workflow.repository.check_runs() == []


def test_a_command_is_acknowledged_and_run(workflow):
    comment = workflow.comment("/nbci run passes.ipynb")

    result = workflow.run_workflow(
        "commands.yml", **workflow.on_main("issue_comment", comment.event("created"))
    )

    assert result.outcome == "success"
    assert workflow.reactions(comment) == ["eyes", "rocket"]
    assert workflow.conclusions() == {"nbci report": "success", "passes.ipynb": "success"}
    assert result.steps["Install what the notebooks need"].outcome == "success"


def test_what_runs_nothing_is_answered_without_installing_anything(workflow):
    comment = workflow.comment("/nbci status")

    result = workflow.run_workflow(
        "commands.yml", **workflow.on_main("issue_comment", comment.event("created"))
    )

    assert result.outcome == "success"
    assert "Nothing was run for" in workflow.replies[-1]
    assert result.steps["Install what the notebooks need"].outcome == "skipped"


def test_notebooks_are_run_by_hand(workflow):
    inputs = {"notebooks": "passes.ipynb", "all": False, "parameters": "", "compute": ""}
    inputs["backend"] = "as configured"
    event = workflow.repository.dispatch_event({"notebooks": "passes.ipynb"}, branch="feature")

    result = workflow.run_workflow(
        "dispatch.yml",
        event_name="workflow_dispatch",
        event=event,
        inputs=inputs,
        sha=workflow.head,
        ref="refs/heads/feature",
    )

    assert result.outcome == "success"
    assert workflow.conclusions()["passes.ipynb"] == "success"
    assert "fails.ipynb" not in workflow.conclusions()


def test_everything_is_run_once_a_week(new_world):
    world = new_world(NOTEBOOKS, {"later.ipynb": ["1"]}, permissions=WEEKLY)
    event = world.repository.schedule_event()

    result = world.run_workflow("weekly.yml", **world.on_main("schedule", event))

    main = world.repository.branch_sha("main")
    assert result.outcome == "failure"
    assert world.conclusions(main)["nbci report"] == "failure"
    assert len(world.repository.files("nbci-outputs")) == len(NOTEBOOKS) + 1
