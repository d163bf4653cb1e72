"""What each command means, and what is replied to one that means nothing."""

import pytest

from bot.commands import (
    USAGE,
    CancelCommand,
    CommandError,
    HelpCommand,
    RunCommand,
    RunScope,
    StatusCommand,
    find_command,
)
from bot.errors import UsageError

SHA = "1234567890abcdef1234567890abcdef12345678"


@pytest.mark.parametrize(
    ("comment", "command"),
    [
        ("/nbci cancel", CancelCommand()),
        ("/nbci status", StatusCommand()),
        ("/nbci help", HelpCommand()),
        ("/nbci run", RunCommand(scope=RunScope.CHANGED)),
        ("/nbci run changed", RunCommand(scope=RunScope.CHANGED)),
        ("/nbci   run\tfailed", RunCommand(scope=RunScope.FAILED)),
        ("/nbci run all", RunCommand(scope=RunScope.ALL)),
        ("/nbci run --compute gpu-small", RunCommand(compute="gpu-small")),
        ("/nbci run --compute=gpu-small", RunCommand(compute="gpu-small")),
        ("/nbci run --sha 1234567", RunCommand(sha="1234567")),
        ("/nbci run --sha ABCDEF0", RunCommand(sha="abcdef0")),
        (f"/nbci run --sha={SHA}", RunCommand(sha=SHA)),
        (f"/nbci run --sha {'a' * 64}", RunCommand(sha="a" * 64)),
        (
            f"/nbci run --sha {SHA} failed -p a=1 --compute gpu -p b=x",
            RunCommand(
                scope=RunScope.FAILED, compute="gpu", parameters={"a": 1, "b": "x"}, sha=SHA
            ),
        ),
    ],
)
def test_commands_mean_what_the_usage_says(comment, command):
    assert find_command(comment) == command


@pytest.mark.parametrize(
    ("written", "paths"),
    [
        ("a.ipynb", ("a.ipynb",)),
        ("a.ipynb deep/folder/ 'guide/*.md'", ("a.ipynb", "deep/folder", "guide/*.md")),
        ('"with spaces.ipynb" it\\\'s.ipynb', ("with spaces.ipynb", "it's.ipynb")),
        ("./all", ("all",)),
        ("./failed other.ipynb", ("failed", "other.ipynb")),
        ("./--sha", ("--sha",)),
        ("a//b/./c.ipynb a/b/c.ipynb", ("a/b/c.ipynb",)),
        (".", (".",)),
        ("größe/数.ipynb", ("größe/数.ipynb",)),
        ("#1.ipynb", ("#1.ipynb",)),
        ("$HOME/$(id).ipynb", ("$HOME/$(id).ipynb",)),
        ("*a*.ipynb _b_.ipynb [c](d).ipynb", ("*a*.ipynb", "_b_.ipynb", "[c](d).ipynb")),
    ],
)
def test_paths_are_taken_as_they_are_written(written, paths):
    assert find_command(f"/nbci run {written}") == RunCommand(scope=RunScope.PATHS, paths=paths)


@pytest.mark.parametrize(
    ("written", "parameters"),
    [
        ("-p year=2025", {"year": 2025}),
        ("-p region=north", {"region": "north"}),
        ("-p 'title=two words'", {"title": "two words"}),
        ("""-p 'regions=["north", "south"]'""", {"regions": ["north", "south"]}),
        ("-p flag=True -p none=None", {"flag": True, "none": None}),
        ("-p empty=", {"empty": ""}),
        ("-p offset=-1", {"offset": -1}),
        ("-p 'query=select `a`'", {"query": "select `a`"}),
    ],
)
def test_parameters_are_json_or_else_text(written, parameters):
    assert find_command(f"/nbci run {written}") == RunCommand(parameters=parameters)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "After `/nbci`, say what to do."),
        ("  ", "After `/nbci`, say what to do."),
        (" rnu", "nbci has no command `rnu`; did you mean `run`?"),
        (" Run", "nbci has no command `Run`; did you mean `run`?"),
        (" deploy", "nbci has no command `deploy`."),
        (" ''", "nbci has no command an empty word."),
        (" cancel all", "Nothing can follow `/nbci cancel`, but `all` does."),
        (" help -p a=1", "Nothing can follow `/nbci help`, but `-p` does."),
        (
            " run all a.ipynb",
            "`all` is written in lower case, without paths beside it."
            " If `all` is a path, write `./all`.",
        ),
        (
            " run Failed",
            "`failed` is written in lower case, without paths beside it."
            " If `Failed` is a path, write `./Failed`.",
        ),
        (" run --comput x", "`/nbci run` has no option `--comput`; did you mean `--compute`?"),
        (" run —sha 1", "`/nbci run` has no option `—sha`; did you mean `--sha`?"),
        (" run -pyear=1", "`/nbci run` has no option `-pyear=1`; did you mean `-p`?"),
        (" run -p=a=1", "`/nbci run` has no option `-p=a=1`; did you mean `-p`?"),
        (
            " run --",
            "`/nbci run` has no option `--`. A path that begins like this is written `./--`.",
        ),
        (" run --compute", "`--compute` needs NAME after it."),
        (" run --compute --sha", "`--compute` needs NAME after it."),
        (" run -p", "`-p` needs NAME=VALUE after it."),
        (
            " run --compute a/b",
            "`--compute` needs the name of a compute after it, of letters, digits, `.`, `_` and"
            " `-`, and got `a/b`.",
        ),
        (" run --sha abc123", "`--sha` needs a commit's SHA after it, at least 7 of its"),
        (" run --sha main", "`--sha` needs a commit's SHA after it, at least 7 of its"),
        (f" run --sha {'a' * 65}", "`--sha` needs a commit's SHA after it, at least 7 of its"),
        (" run --sha=", "`--sha` needs a commit's SHA after it, at least 7 of its"),
        (" run --sha 1234567 --sha 1234567", "`--sha` is given twice."),
        (" run --compute a --compute b", "`--compute` is given twice."),
        (" run -p a=1 -p a=2", "The parameter `a` is given twice."),
        (
            " run -p 1a=2",
            "`-p` needs NAME=VALUE after it, with a name that a variable can have, and got `1a=2`.",
        ),
        (" run /etc/passwd", "`/etc/passwd` is not a path inside the repository."),
        (" run a/../../b", "`a/../../b` is not a path inside the repository."),
        (" run ''", "A path is empty."),
        (" run `a.ipynb`", "Write paths without backticks: `` `a.ipynb` `` has one."),
        (" run it's.ipynb", "A quotation mark is not closed, or a backslash ends the line."),
        (" run a\\", "A quotation mark is not closed, or a backslash ends the line."),
        (" run <!-- all -->", "A command cannot hold an HTML comment"),
    ],
)
def test_a_mistake_is_explained_and_the_usage_follows(written, problem):
    with pytest.raises(CommandError) as caught:
        find_command(f"/nbci{written}")

    assert caught.value.problem.startswith(problem)
    assert str(caught.value) == f"{caught.value.problem}\n\n{USAGE}"
    assert isinstance(caught.value, UsageError)


def test_a_long_word_is_repeated_by_its_beginning():
    with pytest.raises(CommandError) as caught:
        find_command(f"/nbci {'x' * 60_000}")

    assert caught.value.problem == f"nbci has no command `{'x' * 80}…`."
