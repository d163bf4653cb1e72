"""Mistakes in the configuration and the inputs are told where somebody sees and can mend them."""

import pytest

CONFIG = ".github/nbci.yml"


def test_a_mistake_in_the_configuration_is_annotated_on_its_line(new_world):
    world = new_world({}, {"a.ipynb": ["1"], CONFIG: "exclude: []\nmax_notebook: 3\n"})

    result = world.run()

    assert result.outcome == "failure"
    assert world.conclusions() == {"nbci report": "failure"}
    assert world.report.title == "The configuration of nbci is wrong"
    (annotation,) = world.report.annotations
    assert (annotation["path"], annotation["start_line"]) == (CONFIG, 2)
    assert "max_notebook" in annotation["message"]
    assert "The configuration of nbci is wrong" in world.living_comment.body
    assert "max_notebook" in result.summary


def test_another_configuration_can_be_named(new_world):
    world = new_world({}, {"a.ipynb": ["1"], "b.ipynb": ["2"], "ci/nb.yml": "exclude: [b.ipynb]\n"})

    world.run({"config": "ci/nb.yml"})

    assert set(world.checks()) == {"nbci report", "a.ipynb"}


def test_a_named_configuration_has_to_be_there(world):
    world.run({"config": "ci/nb.yml"})

    assert world.report.conclusion == "failure"
    assert "there is no such file, which the input `config` names" in world.report.summary


def test_too_many_notebooks_wait_for_a_choice(new_world):
    changed = {f"n/{number}.ipynb": [f"open('ran', 'w')  # {number}"] for number in range(600)}
    world = new_world({}, changed)

    result = world.run()

    assert result.outcome == "failure"
    assert result.outputs["conclusion"] == "action_required"
    assert world.conclusions() == {"nbci report": "action_required"}
    assert world.report.title == "600 notebooks would run, and 500 is the limit"
    assert "/nbci run folder/" in world.report.summary
    assert not (world.machine.workspace / "n" / "ran").exists()


def test_a_change_that_affects_no_notebook_passes(new_world):
    world = new_world({"a.ipynb": ["1"]}, {"README.md": "new"})

    result = world.run()

    assert result.outcome == "success"
    assert world.conclusions() == {"nbci report": "success"}
    assert world.report.title == "No notebook to run"
    assert result.outputs["passed"] == "0"


def test_a_notebook_that_is_named_has_to_be_there(world):
    result = world.run({"notebooks": "missing.ipynb"})

    assert result.outcome == "failure"
    assert "missing.ipynb" in world.report.title + world.report.summary


@pytest.fixture(scope="module")
def shared(new_world):
    return new_world({}, {"a.ipynb": ["1"]})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"all": "yes"}, "input `all`: expected `true` or `false`, got 'yes'"),
        ({"jobs": "two"}, "input `jobs`: expected a number above 0, got 'two'"),
        ({"jobs": "1.5"}, "input `jobs`: expected a whole number, got '1.5'"),
        ({"timeout-minutes": "-1"}, "input `timeout-minutes`: expected a number above 0"),
        ({"checks": "some"}, "input `checks`: expected one of `auto`, `per-notebook`, `summary`"),
        ({"backend": "gpu"}, "input `backend`: expected one of `local`, `azureml`, got 'gpu'"),
        ({"notebooks": "../a.ipynb"}, "input `notebooks`: expected a path inside the repository"),
        ({"parameters": "no value"}, "input `parameters`: expected NAME=VALUE"),
        ({"outputs-branch": "a..b"}, "input `outputs-branch`: expected the name of a branch"),
        ({"wait": "false"}, "input `wait`: notebooks end with this job"),
        ({"compute": "gpu"}, "input `compute`: this runner is the only compute"),
        ({"mode": "tidy"}, "input `mode`: expected one of `auto`, `acknowledge`, `clean-up`"),
        ({"token": ""}, "input `token`: it is empty"),
    ],
)
def test_a_mistaken_input_is_named_with_what_it_takes(shared, inputs, message):
    result = shared.run(inputs, checkout=None)

    assert result.outcome == "failure"
    assert message in result.annotated("error")[0]
    assert shared.writes() == []
