"""Results are shown as they arrive."""

import os

WAITING = """\
import os
assert open(os.environ["PIPE"]).read() == "seen"
"""


def test_a_failure_is_shown_while_another_notebook_is_still_running(new_world):
    """The other notebook ends only once GitHub has been told of the failure."""
    world = new_world({}, {"fails.ipynb": ["1/0"], "waits.ipynb": [WAITING]})
    pipe = world.folder / "pipe"
    os.mkfifo(pipe)
    inputs = {"jobs": "2", "pass-env": "PIPE", "timeout-minutes": "1"}
    told = []

    def go_on(_):
        """Let the other notebook end: it is opened by then, or this waits for that."""
        if not told and world.checks().get("fails.ipynb") is not None:
            check = world.checks()["fails.ipynb"]
            if check.conclusion == "failure" and len(check.annotations) == 1:
                told.append(world.checks().get("waits.ipynb"))
                pipe.write_text("seen")

    world.github.before_request(go_on)
    result = world.run(inputs, variables={"PIPE": str(pipe)})

    assert len(told) == 1
    assert told[0] is None or told[0].history[0].conclusion is None
    assert result.outputs["passed"] == "1"
    assert result.outputs["failed"] == "1"


def test_progress_is_shown_before_anything_has_ended(new_world):
    world = new_world({}, {"a.ipynb": ["1"]})

    world.run()

    first, *_ = world.report.history
    assert (first.status, first.conclusion) == ("in_progress", None)
    assert (
        "running" in world.living_comment.bodies[0]
        or "finding out" in (world.living_comment.bodies[0])
    )
