"""The jobs of a matrix report side by side."""

import pytest


@pytest.fixture(scope="module")
def matrix(new_world):
    """Two jobs of one matrix on one pull request; in the second the notebook fails."""
    cells = ["import os\nassert os.environ['PYTHON_VERSION'] == '3.11'"]
    world = new_world({}, {"a.ipynb": cells})
    world.results = [
        world.run(
            matrix={"python": version, "os": {"name": "ubuntu", "free": True}},
            job_index=index,
            job_total=2,
            run_id=7,
            variables={"PYTHON_VERSION": version},
        )
        for index, version in enumerate(["3.11", "3.12"])
    ]
    return world


def test_each_job_has_check_runs_of_its_own(matrix):
    assert matrix.conclusions() == {
        "nbci report (3.11, ubuntu, true)": "success",
        "a.ipynb (3.11, ubuntu, true)": "success",
        "nbci report (3.12, ubuntu, true)": "failure",
        "a.ipynb (3.12, ubuntu, true)": "failure",
    }
    assert len({check.external_id for check in matrix.checks().values()}) == 4


def test_artifacts_have_names_of_their_own(matrix):
    names = {result.outputs["artifact"] for result in matrix.results}

    assert len(names) == 2


def test_the_first_job_writes_the_comment(matrix):
    assert "1 notebook passed" in matrix.living_comment.body
    assert len(matrix.living_comment.bodies) == 2  # when it began, and its end


def test_failed_means_that_of_any_job(matrix):
    matrix.obey("/nbci status")
    matrix.obey("/nbci run failed", variables={"PYTHON_VERSION": "3.11"})

    status, run = matrix.replies
    assert "`nbci report (3.11, ubuntu, true)`: 1 notebook passed" in status
    assert "`nbci report (3.12, ubuntu, true)`: 1 of 1 notebook failed" in status
    assert "1 notebook passed" in run


def test_clean_up_of_one_job_leaves_the_others_checks(new_world):
    world = new_world({}, {"a.ipynb": ["1"]})
    for index, name in enumerate(["x", "y"]):
        world.run(matrix={"name": name}, job_index=index, job_total=2, run_id=7)
    for check in world.checks().values():
        check.status, check.conclusion = "in_progress", None  # as if both had been lost

    options = {"matrix": {"name": "x"}, "job_index": 0, "job_total": 2, "run_id": 7}
    world.run({"mode": "clean-up"}, checkout=None, **options)

    assert world.conclusions() == {
        "nbci report (x)": "cancelled",
        "a.ipynb (x)": "cancelled",
        "nbci report (y)": None,
        "a.ipynb (y)": None,
    }
