"""What a pull request's own copy of the configuration may change, and what it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config, Rule, Settings, matcher, parse_config
from bot.config.narrowing import narrowed
from bot.errors import ConfigError
from bot.model import RunOptions

PATHS = ("a.ipynb", "folder/b.ipynb", "folder/deep/c.ipynb", "guide/d.md")
CHANGED = ("data/x.csv", "data/deep/y.csv", "a.ipynb")
DEPENDENCIES = st.lists(
    st.sampled_from(["data/", "!data/", "*.csv", "!*.csv", "data/deep/*"]), max_size=3
).map(tuple)
PATTERNS = st.lists(
    st.sampled_from(["*.ipynb", "folder/", "!folder/deep/", "/a.ipynb", "guide/*.md"]), max_size=3
).map(tuple)

OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "backend": st.sampled_from(["local", "azureml"]),
        "environment": st.sampled_from(["requirements.txt", "envs/gpu.yml"]),
        "kernel": st.sampled_from(["python3", "ir"]),
        "timeout": st.sampled_from([60.0, 1800.0, 7200.0]),
        "cell_timeout": st.sampled_from([30.0, 900.0]),
        "memory_limit": st.sampled_from([10**8, 10**10]),
        "allow_failure": st.booleans(),
    },
)
SETTINGS = st.builds(
    Settings,
    options=OPTIONS,
    env=st.dictionaries(st.sampled_from(["A", "B"]), st.sampled_from(["1", "2"]), max_size=2),
    preload=st.lists(st.sampled_from(["numpy", "pandas"]), max_size=2, unique=True).map(tuple),
    parameters=st.dictionaries(st.sampled_from(["p", "q"]), st.integers(0, 3), max_size=1),
    depends_on=DEPENDENCIES,
)
CONFIGS = st.builds(
    Config,
    include=st.one_of(st.just(("*.ipynb",)), PATTERNS),
    exclude=PATTERNS,
    max_notebooks=st.integers(1, 1000),
    defaults=SETTINGS,
    rules=st.lists(st.builds(Rule, paths=PATTERNS.filter(bool), settings=SETTINGS), max_size=3).map(
        tuple
    ),
)


def at_most(one: float | None, limit: float | None) -> bool:
    """Return whether a limit is not above another; None is none."""
    return limit is None or (one is not None and one <= limit)


@given(CONFIGS, CONFIGS)
def test_nothing_is_ever_widened(policy: Config, own: Config) -> None:
    both = narrowed(policy, own)

    assert both.max_notebooks <= policy.max_notebooks
    for path in PATHS:
        assert both.is_notebook(path) == policy.is_notebook(path)
        allowed, found = policy.settings_for(path), both.settings_for(path)
        assert found.options.backend == allowed.options.backend
        assert found.options.env == allowed.options.env
        assert found.options.allow_failure == allowed.options.allow_failure
        assert at_most(found.options.timeout, allowed.options.timeout)
        assert at_most(found.options.cell_timeout, allowed.options.cell_timeout)
        assert at_most(found.options.memory_limit, allowed.options.memory_limit)
        for changed in CHANGED:
            was_named = matcher(allowed.depends_on)(changed)
            assert matcher(found.depends_on)(changed) or not was_named


@given(CONFIGS, CONFIGS)
def test_what_a_notebook_needs_is_for_the_copy_to_say(policy: Config, own: Config) -> None:
    both = narrowed(policy, own)

    for path in PATHS:
        wanted, found = own.settings_for(path), both.settings_for(path)
        assert found.parameter_sets == wanted.parameter_sets
        assert found.options.kernel == wanted.options.kernel
        assert found.options.environment == wanted.options.environment
        assert found.options.preload == wanted.options.preload
        assert at_most(found.options.timeout, wanted.options.timeout)
        assert at_most(found.options.memory_limit, wanted.options.memory_limit)


@given(CONFIGS)
def test_a_copy_that_says_the_same_changes_nothing(config: Config) -> None:
    both = narrowed(config, config)

    assert both.max_notebooks == config.max_notebooks
    for path in PATHS:
        assert both.settings_for(path) == config.settings_for(path)


def test_a_pull_request_cannot_take_its_failing_notebook_out() -> None:
    own = parse_config(b"exclude: [a.ipynb]\ndefaults: {allow_failure: true}\n")

    both = narrowed(Config(), own)

    assert both.is_notebook("a.ipynb")
    assert both.settings_for("a.ipynb").options == RunOptions()


def test_a_pull_request_can_say_what_its_notebook_needs() -> None:
    own = parse_config(
        b"rules:\n- paths: [a.ipynb]\n  kernel: ir\n  environment: r.yml\n"
        b"  timeout_minutes: 5\n  matrix: {n: [1, 2]}\n"
    )

    found = narrowed(Config(), own).settings_for("a.ipynb")

    assert found.options == RunOptions(kernel="ir", environment="r.yml", timeout=300.0)
    assert found.parameter_sets == ({"n": 1}, {"n": 2})


def test_a_pull_request_can_name_further_files_that_its_notebook_depends_on() -> None:
    policy = Config(defaults=Settings(depends_on=("*.csv",)))
    own = Config(defaults=Settings(depends_on=("conf/", "!*.csv")))

    found = matcher(narrowed(policy, own).settings_for("a.ipynb").depends_on)

    assert found("conf/x.toml")
    assert found("x.csv")


def test_a_matrix_of_the_default_branch_that_is_too_large_can_be_mended() -> None:
    values = list(range(20))
    settings = Settings(matrix={"x": values, "y": values})
    policy = Config(defaults=settings)

    found = narrowed(policy, Config()).settings_for("a.ipynb")

    assert found.parameter_sets == ({},)
    with pytest.raises(ConfigError):
        narrowed(Config(), policy).settings_for("a.ipynb")
