"""What nobody expected inside nbci is said to be its own fault, and leaves nothing in progress."""

# It takes away what the runner reads afterwards, as no notebook should.
THIEF = """\
import pathlib, shutil
for folder in pathlib.Path.cwd().parent.glob("_temp/_runner_file_commands"):
    shutil.rmtree(folder)
"""


def test_an_error_while_planning_concludes_the_check(new_world):
    world = new_world({"a.ipynb": ["1"]}, {"b.ipynb": ["1"]})
    dispatch = world.repository.dispatch_event(branch="feature")
    dispatch["repository"]["default_branch"] = "\ud800"  # no text that could be sent to anybody
    checkout = {"uses": "actions/checkout@v6", "with": {"fetch-depth": "0"}}

    result = world.run(
        checkout=checkout,
        event_name="workflow_dispatch",
        event=dispatch,
        sha=world.head,
        ref="refs/heads/feature",
    )

    assert_our_fault(world, result)
    assert world.conclusions() == {"nbci report": "failure"}


def test_an_error_at_the_end_does_not_leave_success(new_world):
    world = new_world({}, {"a.ipynb": ["1"], "thief.ipynb": [THIEF]})

    result = world.run({"jobs": "1"})

    assert_our_fault(world, result)
    assert "Internal error" in world.living_comment.body
    assert world.conclusions() == {
        "nbci report": "failure",
        "a.ipynb": "success",
        "thief.ipynb": "success",
    }


def test_an_event_without_the_keys_of_github_is_named(world):
    event = world.pull.event("opened")
    del event["pull_request"]["head"]["sha"]

    result = world.run(event=event)

    (message, _) = result.annotated("error")
    assert message == (
        "pull_request.head.sha of the event pull_request must be text, and is missing"
    )


def assert_our_fault(world, result):
    assert result.outcome == "failure"
    assert "Process completed with exit code 3." in result.annotated("error")
    assert "nbci itself has failed, not a notebook" in result.annotated("error")[0]
    assert "Traceback (most recent call last)" in result.log
    assert "Internal error: nbci itself has failed" in world.report.title
    assert world.report.status == "completed"
