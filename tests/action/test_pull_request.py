"""A pull request is opened, pushed to and looked at, with the defaults of actions/checkout."""

import json
from pathlib import Path

import pytest
from building.worlds import CHECKOUT, executed

HISTORY = {**CHECKOUT, "with": {**CHECKOUT["with"], "fetch-depth": "0"}}
BASE = {
    "untouched.ipynb": ["1"],
    "passes.ipynb": ["2"],
    "imports.ipynb": ["import tool\nprint(tool.VALUE)"],
    "tool.py": "VALUE = 1\n",
}
CHANGE = {
    "passes.ipynb": ["print('changed')"],
    "tool.py": "VALUE = 2\n",
    "fails.ipynb": ["x = 1", "y = 2\nraise ValueError('no such film')"],
}


@pytest.fixture(scope="module")
def opened(new_world):
    """A pull request and what came of its first job."""
    world = new_world(BASE, CHANGE)
    return world, world.run()


def test_what_the_change_affects_has_a_check_each_and_one_for_all(opened):
    world, _ = opened

    assert world.conclusions() == {
        "nbci report": "failure",
        "fails.ipynb": "failure",
        "imports.ipynb": "success",
        "passes.ipynb": "success",
    }
    assert world.report.title == "1 of 3 notebooks failed"


def test_nothing_is_reported_on_the_merge_commit(opened):
    world, _ = opened

    assert world.pull.merge_sha
    assert {check.head_sha for check in world.repository.check_runs()} == {world.head}
    assert world.repository.statuses() == []


def test_each_notebook_says_why_it_ran(opened):
    world, _ = opened

    assert "imports `tool.py`, changed" in world.checks()["imports.ipynb"].summary


def test_the_failing_line_of_the_notebooks_file_is_annotated(opened):
    world, _ = opened

    (annotation,) = world.checks()["fails.ipynb"].annotations
    lines = (world.working.root / "fails.ipynb").read_text().splitlines()
    assert annotation["path"] == "fails.ipynb"
    assert "raise ValueError" in lines[annotation["start_line"] - 1]
    assert annotation["annotation_level"] == "failure"
    assert "ValueError: no such film" in annotation["message"]


def test_there_is_one_comment_with_the_result(opened):
    world, _ = opened

    assert "1 of 3 notebooks failed" in world.living_comment.body
    assert len(world.repository.comments(world.pull)) == 1


def test_the_job_fails_and_has_a_summary(opened):
    _, result = opened

    assert result.outcome == "failure"
    assert "✗ 1 of 3 notebooks failed" in result.summary
    assert "no such film" in result.summary


def test_the_outputs_count_and_lead_to_the_report(opened):
    _, result = opened
    outputs = result.outputs

    counts = {name: outputs[name] for name in ("conclusion", "passed", "failed", "other")}
    assert counts == {"conclusion": "failure", "passed": "2", "failed": "1", "other": "0"}
    assert json.loads(Path(outputs["json"]).read_text())["conclusion"] == "failure"
    assert outputs["json"].startswith(outputs["report"] + "/")


def test_the_artifact_holds_the_report_with_executed_notebooks(opened):
    _, result = opened

    (folder,) = result.artifacts.values()
    files = {path.name for path in folder.iterdir()}
    assert {"index.html", "review.json", "summary.md", "junit.xml", "notebooks"} <= files
    assert list(result.artifacts) == [result.outputs["artifact"]]
    assert executed(result)["imports.ipynb"]["cells"][0]["outputs"][0]["text"] == "2\n"


def test_the_log_says_whose_files_were_run(opened):
    world, result = opened

    assert f"Running the files of {world.pull.merge_sha}, for the head {world.head}" in result.log


def test_nothing_of_ours_is_left_running(opened):
    _, result = opened

    assert result.orphans == []
    assert result.forbidden == []


def test_a_push_edits_the_comment_and_folds_the_earlier_result(new_world):
    world = new_world(BASE, CHANGE)
    first = world.head
    world.run()
    comment = world.living_comment
    before = comment.body
    second = world.push({"fails.ipynb": ["x = 1"]})

    result = world.run()

    assert result.outcome == "success"
    assert "all 3 notebooks passed" in world.living_comment.body.lower()
    assert world.living_comment is comment
    assert "1 of 3 notebooks failed" in before
    _, folded, earlier = comment.body.partition("Earlier results")
    assert folded
    assert first[:10] in earlier
    assert "1 of 3 notebooks failed" in earlier
    assert world.conclusions(first)["nbci report"] == "failure"
    assert world.conclusions(second)["nbci report"] == "success"


@pytest.fixture(scope="module")
def diverged(new_world):
    """A pull request whose base has moved on: only the head's own changes count."""
    world = new_world({"a.ipynb": ["1"], "b.ipynb": ["2"]}, {"a.ipynb": ["3"]})
    world.working.git("switch", "--quiet", "main")
    world.change({"b.ipynb": ["4"]}, "base moves on")
    world.repository.sync()
    return world


@pytest.mark.parametrize("depth", ["0", "1"])
def test_the_head_itself_can_be_checked_out(diverged, depth):
    options = {"persist-credentials": "false", "ref": diverged.head, "fetch-depth": depth}

    result = diverged.run(checkout={**CHECKOUT, "with": options})

    assert diverged.conclusions() == {"nbci report": "success", "a.ipynb": "success"}
    assert f"Running the files of {diverged.head}, compared with" in result.log


def test_a_full_clone_stays_one(diverged):
    result = diverged.run(checkout=HISTORY)

    workspace = diverged.machine.workspace
    assert result.outcome == "success"
    assert not (workspace / ".git" / "shallow").exists()
    assert diverged.conclusions() == {"nbci report": "success", "a.ipynb": "success"}


def test_without_a_checkout_the_check_says_what_is_missing(world):
    result = world.run(checkout=None)

    assert result.outcome == "failure"
    assert "there is no checkout in" in world.report.title
    assert "add a step with actions/checkout before nbci" in world.report.title
    assert world.report.conclusion == "failure"
