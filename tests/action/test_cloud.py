"""Azure Machine Learning as the backend: who may start something there."""

from building.worlds import READ_ONLY

AZURE = {"backend": "azureml"}
NOTEBOOKS = {"a.ipynb": ["open('it ran', 'w')"]}


def has_run(world):
    return (world.machine.workspace / "it ran").exists()


def test_a_read_only_token_starts_nothing_and_says_who_can(new_world):
    world = new_world({}, NOTEBOOKS, fork="stranger", permissions=READ_ONLY)

    result = world.run(AZURE)

    assert result.outcome == "failure"
    assert result.outputs["conclusion"] == "action_required"
    assert f"/nbci run --sha {world.head}" in result.summary
    assert "A maintainer has to start these notebooks" in result.summary
    assert not has_run(world)


def test_dependabot_is_no_fork_and_starts_nothing_either(new_world):
    world = new_world({}, NOTEBOOKS, permissions=READ_ONLY)

    result = world.run({**AZURE, "checks": "summary", "comment": "false"})

    assert result.outputs["conclusion"] == "action_required"
    assert not has_run(world)


def test_a_token_that_cannot_show_that_it_may_write_counts_as_one_that_may_not(world):
    result = world.run({**AZURE, "checks": "none", "comment": "false"})

    assert result.outputs["conclusion"] == "action_required"


def test_a_fork_passes_once_a_maintainers_run_has(new_world):
    world = new_world({}, NOTEBOOKS, permissions=READ_ONLY)
    world.run({"token": world.github.token(world.repository)})  # as the maintainer's run would
    assert world.report.conclusion == "success"

    result = world.run(AZURE)

    assert result.outcome == "success"
    assert result.outputs["conclusion"] == "success"
    assert "The notebooks passed when a maintainer ran them" in result.summary
    assert not has_run(world)


def test_a_fork_does_not_pass_while_a_maintainers_run_failed(new_world):
    world = new_world({}, {"a.ipynb": ["1/0"]}, permissions=READ_ONLY)
    world.run({"token": world.github.token(world.repository)})

    result = world.run(AZURE)

    assert result.outputs["conclusion"] == "action_required"


def test_a_fork_does_not_pass_for_some_notebooks_that_a_maintainer_ran(new_world):
    world = new_world({}, NOTEBOOKS, permissions=READ_ONLY)
    name = next(iter(NOTEBOOKS))
    world.run({"token": world.github.token(world.repository), "notebooks": name})
    assert world.report.conclusion == "success"

    result = world.run(AZURE)

    assert result.outputs["conclusion"] == "action_required"


def test_with_a_write_token_it_says_that_this_version_cannot(new_world):
    world = new_world({}, NOTEBOOKS)

    result = world.run({**AZURE, "compute": "gpu", "wait": "false"})

    assert result.outcome == "failure"
    assert world.report.conclusion == "failure"
    assert world.report.title == "This version of nbci cannot use Azure Machine Learning yet"
    assert world.report.title in world.living_comment.body
    assert not has_run(world)


def test_a_forks_commit_has_to_be_named(new_world):
    world = new_world({}, NOTEBOOKS, fork="stranger")

    world.obey("/nbci run", AZURE)
    world.obey(f"/nbci run --sha {world.head[:12]}", AZURE)

    unnamed, named = world.replies
    assert f"`/nbci run --sha {world.head}`" in unnamed
    assert "cannot use Azure Machine Learning yet" in named


def test_a_limit_of_githubs_says_nothing_about_the_token(new_world):
    world = new_world({}, NOTEBOOKS, permissions=READ_ONLY)
    world.github.fault("secondary_limit", method="POST", path="/check-runs$", retry_after=1)

    result = world.run(AZURE)

    assert result.outputs["conclusion"] == "action_required"
