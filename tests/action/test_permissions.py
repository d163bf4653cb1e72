"""What a token may not write is told elsewhere, and who can mend it is told what is missing."""

import pytest
from building.worlds import READ_ONLY

FAILING = {f"{number:02}.ipynb": ["x = 1", "1/0"] for number in range(12)}
WITHOUT_COMMENT = {"contents": "read", "checks": "write"}


@pytest.fixture(scope="module")
def read_only(new_world):
    """A pull request from a fork: its token may only read."""
    world = new_world({}, FAILING, fork="stranger", permissions=READ_ONLY)
    world.result = world.run()
    return world


def test_with_a_read_only_token_the_notebooks_run_all_the_same(read_only):
    assert read_only.result.outcome == "failure"
    assert read_only.result.outputs["failed"] == "12"


def test_with_a_read_only_token_nothing_is_written_and_nothing_tried_twice(read_only):
    assert read_only.conclusions() == {}
    assert read_only.repository.comments(read_only.pull) == []
    assert [path for _, path in read_only.writes()].count("/repos/acme/films/check-runs") == 1


def test_with_a_read_only_token_ten_failures_are_annotated_on_their_lines(read_only):
    annotations = read_only.result.annotations

    assert len(annotations) == 10
    lines = (read_only.working.root / "00.ipynb").read_text().splitlines()
    for annotation in annotations:
        assert annotation.properties["file"] in FAILING
        assert '"1/0"' in lines[int(annotation.properties["line"]) - 1]
        assert annotation.message.startswith("ZeroDivisionError: division by zero")


def test_with_a_read_only_token_the_summary_has_the_result(read_only):
    assert "12 notebooks failed" in read_only.result.summary


def test_with_a_read_only_token_the_log_names_the_missing_permission(read_only):
    assert "the token needs the permission `checks: write`" in read_only.result.log
    assert "This token may not write check runs" in read_only.result.log


def test_a_comment_that_may_not_be_written_is_missed_in_the_check(new_world):
    world = new_world({}, {"a.ipynb": ["1"]}, permissions=WITHOUT_COMMENT)

    result = world.run()

    assert result.outcome == "success"
    assert world.conclusions() == {"nbci report": "success", "a.ipynb": "success"}
    assert "The comment on the pull request could not be written" in world.report.summary
    assert "`pull-requests: write`" in world.report.summary
    assert result.annotations == []


def test_a_persons_token_sets_a_commit_status(world):
    world.repository.add_collaborator("maria", "write")

    result = world.run({"token": world.github.user_token("maria")})

    assert result.outcome == "success"
    assert world.conclusions() == {}
    states = [(item.context, item.state) for item in world.repository.statuses(world.head)]
    assert states[0] == ("nbci report", "pending")
    assert states[-1] == ("nbci report", "success")
    comments = [item for item in world.repository.comments(world.pull) if item.login == "maria"]
    assert ["1 notebook passed" in item.body for item in comments] == [True]


@pytest.mark.parametrize(
    ("inputs", "checks", "comments"),
    [
        ({"checks": "none"}, set(), 1),
        ({"checks": "summary"}, {"nbci report"}, 1),
        ({"checks": "per-notebook", "comment": "false"}, {"nbci report", "a.ipynb"}, 0),
    ],
)
def test_checks_and_comment_are_written_as_asked_for(world, inputs, checks, comments):
    result = world.run(inputs)

    assert result.outcome == "success"
    assert set(world.checks()) == checks
    assert len(world.repository.comments(world.pull)) == comments


def test_above_thirty_notebooks_only_the_summary_has_a_check(new_world):
    world = new_world({}, {f"{number}.ipynb": [] for number in range(31)})

    result = world.run({"jobs": "4"})

    assert result.outputs["passed"] == "31"
    assert set(world.checks()) == {"nbci report"}
    assert "`30.ipynb`" in world.report.summary


def test_a_failure_does_not_fail_the_step_where_it_never_is_to(new_world):
    world = new_world({}, {"a.ipynb": ["1/0"]})

    result = world.run({"fail-on": "never"})

    assert result.outcome == "success"
    assert result.outputs["conclusion"] == "failure"
    assert world.conclusions() == {"nbci report": "failure", "a.ipynb": "failure"}
