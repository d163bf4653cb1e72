import itertools

import pytest

from bot.config import Config, parse_config
from bot.errors import ConfigError
from bot.model import RunOptions


def settings(text, path="a.ipynb"):
    return parse_config(text.encode()).settings_for(path)


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("a.ipynb", True),
        ("deep/in folder/a b.ipynb", True),
        (".ipynb", False),
        ("a.IPYNB", False),
        ("a.ipynb\n", False),
        ("a.py", False),
        ("README.md", False),
        ("a.ipynb/README", False),
        (".ipynb_checkpoints/a-checkpoint.ipynb", False),
        ("deep/.ipynb_checkpoints/a-checkpoint.ipynb", False),
        ("nbci-report/a.ipynb", False),
        ("bytes \udcff.ipynb", True),
        ("new\nline/a.ipynb", True),
    ],
)
def test_without_a_file_every_ipynb_is_a_notebook(path, is_one):
    assert Config().is_notebook(path) is is_one


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("examples/a.ipynb", True),
        ("deep/examples/b/a.ipynb", True),
        ("examples/script.py", False),
        ("examples/README.md", False),
        ("examples/new\nline/a.ipynb", True),
        ("a.ipynb", False),
        ("guide/one.md", True),
        ("guide/deep/one.md", False),
        ("guide/one.ipynb", False),
        ("guide/index.md", False),
        ("guide/.ipynb_checkpoints/one.md", False),
        ("examples/archive/a.ipynb", False),
        ("tutorials/intro.py", True),
        ("tutorials/other.py", False),
    ],
)
def test_patterns_say_what_is_a_notebook(path, is_one):
    config = parse_config(
        b"include: [examples/, 'guide/*.md', '!guide/index.md', /tutorials/intro.py]\n"
        b"exclude: [archive/]"
    )

    assert config.is_notebook(path) is is_one


def test_the_last_pattern_that_matches_decides():
    config = parse_config(b"exclude: ['*.ipynb', '!keep.ipynb']")

    assert config.is_notebook("keep.ipynb")
    assert not config.is_notebook("other.ipynb")


def test_without_settings_a_notebook_runs_once_with_the_programs_defaults():
    found = Config().settings_for("a.ipynb")

    assert found.options == RunOptions()
    assert found.parameter_sets == ({},)
    assert found.depends_on == ()


def test_settings_reach_the_run_in_its_units():
    found = settings(
        "defaults: {backend: azureml, environment: ./env.yml, kernel: ir, timeout_minutes: 2,"
        " cell_timeout_minutes: 0.5, memory_limit: 2GiB, allow_failure: true, env: {A: b},"
        " preload: [numpy], depends_on: [data/]}"
    )

    assert found.options == RunOptions(
        backend="azureml",
        environment="env.yml",
        kernel="ir",
        timeout=120.0,
        cell_timeout=30.0,
        memory_limit=2 * 1024**3,
        allow_failure=True,
        env={"A": "b"},
        preload=("numpy",),
    )
    assert found.depends_on == ("data/",)


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("1MB", 10**6),
        ("512MB", 512 * 10**6),
        ("4GB", 4 * 10**9),
        ("1MiB", 2**20),
        ("3GiB", 3 * 2**30),
    ],
)
def test_memory_is_counted_in_the_unit_that_is_written(written, count):
    assert settings(f"defaults: {{memory_limit: {written}}}").options.memory_limit == count


RULES = """
defaults:
  timeout_minutes: 10
  allow_failure: true
  env: {A: one, B: one}
  parameters: {x: 1, y: 1}
  depends_on: [conf/]
  preload: [numpy]
rules:
- paths: [train/]
  timeout_minutes: 20
  env: {B: two}
  parameters: {y: 2}
  depends_on: [data/, conf/]
  preload: [pandas]
- paths: [quick.ipynb]
  timeout_minutes: 5
  allow_failure: false
"""


def test_a_later_rule_replaces_values_merges_mappings_and_adds_to_lists():
    found = settings(RULES, "train/quick.ipynb")

    assert found.options.timeout == 300
    assert found.options.allow_failure is False
    assert found.options.env == {"A": "one", "B": "two"}
    assert found.options.preload == ("numpy", "pandas")
    assert found.parameter_sets == ({"x": 1, "y": 2},)
    assert found.depends_on == ("conf/", "data/")


def test_rules_are_for_the_notebooks_they_name():
    assert settings(RULES, "train/a.ipynb").options.timeout == 1200
    assert settings(RULES, "quick.ipynb").options.timeout == 300
    assert settings(RULES, "other.ipynb").options.timeout == 600


def test_a_key_with_nothing_after_it_leaves_what_was_there():
    found = settings("defaults: {kernel: ir}\nrules:\n- paths: [a.ipynb]\n  kernel:\n")

    assert found.options.kernel == "ir"


def test_null_is_a_value_of_a_parameter():
    assert settings("defaults: {parameters: {x: null}}").parameter_sets == ({"x": None},)


def test_a_matrix_is_every_combination_with_the_first_name_slowest():
    found = settings("defaults: {parameters: {z: 0}, matrix: {x: [1, 2], y: [a, b]}}")

    assert found.parameter_sets == tuple(
        {"z": 0, "x": x, "y": y} for x, y in itertools.product([1, 2], ["a", "b"])
    )


def test_numbers_that_only_look_equal_are_different_values():
    sets = settings("defaults: {matrix: {x: [1, 1.0, true, '1']}}").parameter_sets

    assert [repr(each["x"]) for each in sets] == ["1", "1.0", "True", "'1'"]


def test_a_later_matrix_takes_the_place_of_a_parameter_and_the_other_way_round():
    text = (
        "defaults: {parameters: {x: 0, y: 0}, matrix: {z: [1, 2]}}\n"
        "rules:\n- {paths: [a.ipynb], parameters: {z: 3}, matrix: {x: [4, 5]}}"
    )

    assert settings(text).parameter_sets == ({"y": 0, "z": 3, "x": 4}, {"y": 0, "z": 3, "x": 5})


def test_matrices_of_several_rules_cannot_multiply_without_end():
    config = parse_config(
        b"defaults: {matrix: {x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}}\n"
        b"rules:\n- {paths: [a.ipynb], matrix: {y: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}"
    )

    assert len(config.settings_for("b.ipynb").parameter_sets) == 11
    with pytest.raises(
        ConfigError, match=r"^\.github/nbci\.yml: the rules for 'a\.ipynb' together"
    ):
        config.settings_for("a.ipynb")


def test_notebooks_under_the_same_rules_share_their_settings():
    config = parse_config(RULES.encode())

    assert config.settings_for("train/a.ipynb") is config.settings_for("train/b.ipynb")
