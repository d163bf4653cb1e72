import os
import subprocess
import sys
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config, check_config, load_config, parse_config
from bot.errors import ConfigError


def mistakes(text):
    with pytest.raises(ConfigError) as caught:
        parse_config(text if isinstance(text, bytes) else text.encode())
    assert str(caught.value) == "\n".join(caught.value.problems)
    return [problem.removeprefix(".github/nbci.yml:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("excluded: []", "1: unknown key 'excluded'; did you mean 'exclude'?"),
        (
            "\n\ntimeout_minutes: 3",
            "3: unknown key 'timeout_minutes'; it belongs under 'defaults' or in a rule",
        ),
        (
            "jobs: 3",
            "1: unknown key 'jobs'; the keys are include, exclude, max_notebooks, defaults, rules",
        ),
        (
            "rules:\n- paths: [a]\n  timeout: 3",
            "3: unknown key 'timeout' in rules[0]; did you mean 'timeout_minutes'?",
        ),
        ("include: []\n", "1: include must have at least one entry"),
        ("include: '*.ipynb'", "1: include must be a list, got '*.ipynb'; write ['*.ipynb']"),
        (
            "include: [a, 3.10]",
            "1: include[1] must be a path pattern, as text, got 3.10; write '3.10' in quotes",
        ),
        (
            "exclude:\n- a\n- ./b",
            "3: exclude[1] './b' begins with './' and would match nothing; write '/b'",
        ),
        (
            "include: ['*.ipnyb']",
            "1: include[0] '*.ipnyb' matches no notebook: none ends in '.ipnyb'",
        ),
        ("max_notebooks: 0", "1: max_notebooks must be a whole number from 1 to 100000, got 0"),
        ("max_notebooks: 2.0", "1: max_notebooks must be a whole number from 1 to 100000, got 2.0"),
        ("defaults: []", "1: defaults must be a mapping of keys to values, got a list"),
        ("rules: {paths: [a]}", "1: rules must be a list, got a mapping"),
        ("rules:\n- kernel: ir", "2: rules[0].paths is missing"),
        (
            "rules:\n  - paths: [a]\n    timeout_minutes: true",
            "3: rules[0].timeout_minutes must be a number above 0 and at most 10080, got true",
        ),
        (
            "defaults:\n  cell_timeout_minutes:\n    -1",
            "2: defaults.cell_timeout_minutes must be a number above 0 and at most 10080, got -1",
        ),
        (
            "defaults: {timeout_minutes: 2h}",
            "1: defaults.timeout_minutes must be a number above 0 and at most 10080, got '2h'",
        ),
        (
            "defaults: {backend: docker}",
            "1: defaults.backend must be 'local' or 'azureml', got 'docker'",
        ),
        (
            "defaults: {memory_limit: 4}",
            "1: defaults.memory_limit must be a size such as 512MB or 4GB, got 4",
        ),
        (
            "defaults: {memory_limit: 0GB}",
            "1: defaults.memory_limit must be a size such as 512MB or 4GB, got '0GB'",
        ),
        (
            "defaults: {environment: ../requirements.txt}",
            "1: defaults.environment '../requirements.txt' must be a path inside the repository,"
            " with / and without '..'",
        ),
        (
            "defaults: {environment: /etc/environment.yml}",
            "1: defaults.environment '/etc/environment.yml' must be a path inside the repository,"
            " with / and without '..'",
        ),
        (
            "defaults: {environment: Dockerfile}",
            "1: defaults.environment 'Dockerfile' must be a requirements file (.txt) or a conda"
            " file (.yml, .yaml)",
        ),
        (
            "defaults: {kernel: ../x}",
            "1: defaults.kernel must be the name of a kernel spec, as `jupyter kernelspec list`"
            " shows it, got '../x'",
        ),
        (
            "defaults: {allow_failure: 1}",
            "1: defaults.allow_failure must be true or false, got 1",
        ),
        (
            "defaults: {env: {VERSION: 3.10}}",
            "1: defaults.env.VERSION must be text, got 3.10; write '3.10' in quotes",
        ),
        ("defaults: {env: {A: }}", "1: defaults.env.A must be text, got nothing"),
        (
            "defaults: {env: {github_token: x}}",
            "1: defaults.env.github_token is reserved: names that begin with NBCI_, GITHUB_,"
            " ACTIONS_ are",
        ),
        (
            "defaults: {env: {'two words': x}}",
            "1: defaults.env.'two words' is not a name that an environment variable can have",
        ),
        (
            "defaults: {parameters: {1st: x}}",
            "1: defaults.parameters.1st is not a name that a notebook's variable can have",
        ),
        ("defaults: {matrix: {x: []}}", "1: defaults.matrix.x must have at least one entry"),
        ("defaults: {matrix: {x: 3}}", "1: defaults.matrix.x must be a list, got 3"),
        ("defaults: {matrix: {x: [1, 1]}}", "1: defaults.matrix.x has '1' more than once"),
        (
            f"defaults: {{matrix: {{x: {list(range(10))}, y: {list(range(11))}}}}}",
            "1: defaults.matrix makes more than 100 combinations",
        ),
        (
            "defaults: {parameters: {x: 1}, matrix: {x: [2]}}",
            "1: defaults has 'x' in both parameters and matrix",
        ),
        (
            "defaults: {preload: [a-b]}",
            "1: defaults.preload[0] must be the name of a Python module, got 'a-b'",
        ),
        ("- a", "1: the file must be a mapping of keys to values, got a list"),
        ("notebooks", "1: the file must be a mapping of keys to values, got 'notebooks'"),
    ],
)
def test_a_mistake_is_explained_in_one_line(text, problem):
    assert mistakes(text) == [problem]


def test_several_mistakes_are_all_told_in_the_order_of_the_file():
    text = "exclud: []\ndefaults:\n  kernel: 3\nmax_notebooks: no\nmax_notebooks: 4\n"

    assert mistakes(text) == [
        "1: unknown key 'exclud'; did you mean 'exclude'?",
        "3: defaults.kernel must be the name of a kernel spec, as `jupyter kernelspec list` shows"
        " it, got 3",
        "4: max_notebooks: YAML reads no as false; write false, or 'no' in quotes",
        "5: max_notebooks is given twice, first on line 4",
    ]


def test_no_more_than_twenty_mistakes_are_told():
    told = mistakes("".join(f"key{number}: 1\n" for number in range(50)))

    assert len(told) == 21
    assert told[-1] == " and 30 mistakes more"


def test_what_is_quoted_from_the_file_cannot_move_the_cursor_or_fill_the_screen():
    (problem,) = mistakes('"\\e[2J\\u202e' + "x" * 5000 + '": 1\n')

    assert problem.isprintable()
    assert len(problem) < 300


def test_the_line_is_that_of_the_key_even_behind_comments_and_a_byte_order_mark():
    text = "\ufeff# comment\r\n\r\ndefaults:\r\n  # comment\r\n  kernel: 'a b'\r\n"

    assert mistakes(text)[0].startswith("5: defaults.kernel must be")


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "---\n", "{}", "\ufeff", "defaults:\nrules:\ninclude:\n"]
)
def test_a_file_that_says_nothing_means_the_defaults(text):
    assert parse_config(text.encode()) == Config()


def test_a_repository_without_the_file_has_the_defaults(tmp_path):
    assert load_config(tmp_path) == Config()


@pytest.mark.parametrize("name", ["nbci.yml", "nbci.yaml"])
def test_the_file_is_found_under_either_name(tmp_path, name):
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / name).write_text("max_notebooks: 7")

    assert load_config(tmp_path).max_notebooks == 7


def test_mistakes_name_the_file_that_was_read(tmp_path):
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/nbci.yaml").write_text("x: 7")

    with pytest.raises(ConfigError, match=r"^\.github/nbci\.yaml:1: unknown key 'x'"):
        load_config(tmp_path)


def test_both_names_at_once_are_refused(tmp_path):
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/nbci.yml").touch()
    (tmp_path / ".github/nbci.yaml").touch()

    with pytest.raises(ConfigError, match=r"there is also \.github/nbci\.yml; keep one"):
        load_config(tmp_path)


def test_a_link_is_not_followed_lest_its_content_be_quoted(tmp_path):
    (tmp_path / "secret").write_text("token")
    (tmp_path / "repository/.github").mkdir(parents=True)
    (tmp_path / "repository/.github/nbci.yml").symlink_to(tmp_path / "secret")

    with pytest.raises(ConfigError, match="symbolic link") as caught:
        load_config(tmp_path / "repository")
    assert "token" not in str(caught.value)


def test_a_folder_that_is_a_link_is_not_followed_either(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/nbci.yml").write_text("token")
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository/.github").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigError, match="symbolic link"):
        load_config(tmp_path / "repository")


def test_a_repository_behind_a_link_is_read(tmp_path):
    (tmp_path / "repository/.github").mkdir(parents=True)
    (tmp_path / "repository/.github/nbci.yml").write_text("max_notebooks: 7")
    (tmp_path / "link").symlink_to(tmp_path / "repository")

    assert load_config(tmp_path / "link").max_notebooks == 7


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_without_opening_it(tmp_path, make):
    (tmp_path / ".github").mkdir()
    make(tmp_path / ".github/nbci.yml")

    with pytest.raises(ConfigError, match="not a regular file"):
        load_config(tmp_path)


def test_check_config_reads_any_file(tmp_path):
    path = tmp_path / "draft.yml"
    path.write_text("max_notebooks: 7")

    assert check_config(path).max_notebooks == 7


def test_check_config_says_that_a_file_is_missing(tmp_path):
    with pytest.raises(ConfigError, match=r"draft\.yml: no such file"):
        check_config(tmp_path / "draft.yml")


KEYS = st.sampled_from(
    ["include", "exclude", "rules", "defaults", "paths", "env", "matrix", "parameters", "kernel"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(["*.md"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=3)
    ),
    max_leaves=12,
)


def problems(data):
    try:
        parse_config(data)
    except ConfigError as error:
        return error.problems
    return ()


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_data_is_a_configuration_or_a_mistake(data):
    text = yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "surrogatepass")

    assert all(problem.isprintable() for problem in problems(text))


@given(st.text(st.sampled_from("ab:-[]{}*&!|>'\"%@#?\t\n  10.,<~\\"), max_size=40))
def test_any_text_is_a_configuration_or_a_mistake(text):
    assert all(problem.isprintable() for problem in problems(text.encode()))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_configuration_or_a_mistake(data):
    assert all(problem.isprintable() for problem in problems(data))


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from bot.config import parse_config
from bot.errors import ConfigError
try:
    parse_config(sys.stdin.buffer.read())
except ConfigError as error:
    print(error)
"""


def laughs():
    lines = ["a: &a [" + ",".join(["x"] * 9) + "]"]
    for last, this in pairwise("abcdefghi"):
        lines.append(f"{this}: &{this} [" + ",".join([f"*{last}"] * 9) + "]")
    return "\n".join(lines).encode()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory hold on Linux")
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (laughs(), "more than 20000 values, counting what aliases repeat"),
        (b"a: &a [*a, *a]", "nested more than 20 levels deep"),
        (b"[" * 60_000, "nested more than 20 levels deep"),
        (b"- " * 30_000, "nested more than 20 levels deep"),
        (b"a: 1\n" * 2_000_000, "the file is larger than 64 kB"),
        (b"exclude:\n" + b"- a\n" * 16_000, "exclude must have at most 200 entries"),
        (b"max_notebooks: " + b"9" * 60_000, "a number of more than 300 digits"),
        (b"max_notebooks: 1" + b":00" * 20_000, "a number of more than 300 digits"),
    ],
)
def test_a_hostile_file_takes_little_time_and_memory(data, problem):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], input=data, capture_output=True, check=True
    )

    assert problem in done.stdout.decode()
    assert done.stderr == b""


def test_reading_nothing_imports_neither_pydantic_nor_yaml(tmp_path):
    program = (
        "import pathlib, sys; from bot.config import load_config;"
        f"load_config(pathlib.Path({str(tmp_path)!r})).is_notebook('a.ipynb');"
        "print({'pydantic', 'yaml', 'pathspec'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout == b"set()\n"
