import json

import pytest
from building.notebooks import notebook
from building.plans import selected, skipped

from bot.config import Config

SCRIPT = """\
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     name: python3
# ---

# %%
import helper
x = 1
"""
CONFIG = Config(include=("*.ipynb", "*.py", "!helper.py"))


def as_ipynb(*cells, formats="ipynb,py:percent"):
    metadata = {"jupytext": {"formats": formats}} if formats else {}
    return json.dumps(notebook(*cells, **metadata))


@pytest.fixture
def paired(repository):
    repository.write("a.ipynb", as_ipynb("import helper\nx = 1"))
    repository.write("a.py", SCRIPT)
    repository.write("helper.py", "")
    repository.commit()
    return repository


def test_a_pair_runs_once_as_its_text(paired, plan):
    paired.write("a.py", SCRIPT.replace("x = 1", "x = 2"))
    paired.write("a.ipynb", as_ipynb("import helper\nx = 2"))

    result = plan(config=CONFIG)

    assert selected(result) == {"a.py": ["changed"]}
    assert skipped(result) == {"a.ipynb": ["paired with `a.py`, which runs"]}


def test_a_pair_that_is_affected_runs_once(paired, plan):
    paired.write("helper.py", "y = 1")

    result = plan(config=CONFIG)

    assert selected(result) == {"a.py": ["imports `helper.py`, changed"]}
    assert skipped(result) == {}


def test_a_pair_of_which_only_the_notebook_changed_does_not_run(paired, plan):
    paired.write("a.ipynb", as_ipynb("import helper\nx = 3"))

    result = plan(config=CONFIG)

    assert selected(result) == {}
    assert skipped(result) == {"a.ipynb": ["paired with `a.py`, which did not change"]}


def test_all_notebooks_are_those_without_the_second_half_of_pairs(paired, plan):
    result = plan(config=CONFIG, everything=True)

    assert list(selected(result)) == ["a.py"]
    assert skipped(result) == {"a.ipynb": ["paired with `a.py`, which runs"]}


def test_half_of_a_pair_runs_if_it_is_named(paired, plan):
    assert list(selected(plan(config=CONFIG, notebooks=["a.ipynb"]))) == ["a.ipynb"]


def test_a_text_that_the_configuration_leaves_out_pairs_with_nothing(paired, plan):
    paired.write("a.ipynb", as_ipynb("import helper\nx = 3"))

    assert selected(plan()) == {"a.ipynb": ["changed"]}


@pytest.mark.parametrize("formats", [None, "ipynb", "nonsense,,,", "ipynb,md", 'x"y', "a//b//c"])
def test_notebooks_of_one_name_need_not_be_a_pair(repository, plan, formats):
    repository.write("a.ipynb", as_ipynb("1", formats=formats))
    repository.write("a.py", "# %%\n1\n")

    assert list(selected(plan(config=CONFIG, everything=True))) == ["a.ipynb", "a.py"]


@pytest.mark.parametrize(
    "settings",
    [
        {"jupytext.toml": 'formats = "ipynb,py:percent"'},
        {"pyproject.toml": '[tool.jupytext]\nformats = "ipynb,py:percent"'},
        {"nb/.jupytext.toml": 'formats = "ipynb,py:percent"'},
    ],
)
def test_pairs_may_be_declared_for_a_folder(repository, plan, settings):
    for path, text in settings.items():
        repository.write(path, text)
    repository.write("nb/a.ipynb", as_ipynb("1", formats=None))
    repository.write("nb/a.py", "# %%\n1\n")

    assert list(selected(plan(config=CONFIG, everything=True))) == ["nb/a.py"]


@pytest.mark.parametrize("text", ["formats", "[tool]\njupytext = 1", "tool = 1", "formats = 3"])
@pytest.mark.parametrize("name", ["jupytext.toml", "pyproject.toml"])
def test_settings_that_make_no_sense_pair_nothing(repository, plan, name, text):
    repository.write(name, text)
    repository.write("a.ipynb", as_ipynb("1", formats=None))
    repository.write("a.py", "# %%\n1\n")

    assert list(selected(plan(config=CONFIG, everything=True))) == ["a.ipynb", "a.py"]


def test_pairs_may_lie_in_different_folders(repository, plan):
    formats = "notebooks//ipynb,scripts//py:percent"
    repository.write("notebooks/a.ipynb", as_ipynb("1", formats=formats))
    repository.write("scripts/a.py", "# %%\n1\n")

    assert list(selected(plan(config=CONFIG, everything=True))) == ["scripts/a.py"]


def test_a_changed_text_cell_of_a_text_notebook_is_no_reason(repository, plan):
    repository.write("a.py", "# %%\n1\n\n# %% [markdown]\n# Hello\n")
    repository.commit()
    repository.write("a.py", "# %%\n1\n\n# %% [markdown]\n# Bye\n")

    assert skipped(plan(config=CONFIG)) == {"a.py": ["only text cells changed"]}
