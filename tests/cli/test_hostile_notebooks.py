"""Notebooks that turn on their own file, on their runner, or on who reads the log."""

import json

import pytest
from building.notebooks import notebook

SERVER = (
    "import os, signal\n"
    "stat = open(f'/proc/{os.getppid()}/stat').read()\n"
    "server = int(stat.rpartition(')')[2].split()[1])\n"
)


@pytest.mark.parametrize("after", ["", "; os.mkdir('changing.ipynb')"])
def test_a_notebook_that_removes_its_own_file_fails_where_it_fails(project, after):
    project.write("changing.ipynb", ["import os; os.unlink('changing.ipynb')" + after, "1 / 0"])

    code, review = project.run("changing.ipynb")

    assert code == 1
    (run,) = review["runs"]
    assert (run["outcome"], run["failing_cell"]["number"]) == ("failed", 2)
    assert run["failing_cell"]["line"] is None


def test_a_notebook_that_kills_the_fork_server_is_lost_and_the_next_one_runs(project):
    project.write("changing.ipynb", [SERVER + "os.kill(server, signal.SIGKILL)", "signal.pause()"])

    code, review = project.run("--jobs", "1", "changing.ipynb", "steady.ipynb")

    assert code == 3
    assert [run["outcome"] for run in review["runs"]] == ["lost", "passed"]


def test_a_notebook_that_stops_the_fork_server_stops_nobody(project):
    project.write("changing.ipynb", [SERVER + "os.kill(server, signal.SIGSTOP)", "x = 1"])

    code, review = project.run("--jobs", "1", "changing.ipynb", "steady.ipynb")

    assert code == 0
    assert [run["outcome"] for run in review["runs"]] == ["passed", "passed"]


def test_a_number_too_long_to_read_is_an_invalid_notebook(project):
    long = notebook("x = 1", number=0)
    text = json.dumps(long).replace('"number": 0', '"number": ' + "9" * 5000)
    project.write("changing.ipynb", text)

    code, review = project.run("changing.ipynb")

    assert code == 1
    (run,) = review["runs"]
    assert run["outcome"] == "rejected"
    assert run["message"].startswith("invalid notebook: ")


def test_github_actions_obeys_nothing_that_a_notebook_says(project):
    project.write("changing.ipynb", ["raise ValueError('\\n::error::mine')"])

    log = project.nbci("run", GITHUB_ACTIONS="true").stdout.splitlines()

    (stopped,) = [line for line in log if line.startswith("::stop-commands::")]
    resumed = f"::{stopped.rpartition('::')[2]}::"
    assert log.index(stopped) < log.index("::error::mine") < log.index(resumed) == len(log) - 1


def test_a_parameter_of_the_command_line_leaves_one_run_of_a_matrix(project):
    project.write(".github/nbci.yml", "rules: [{paths: [changing.ipynb], matrix: {n: [1, 2]}}]\n")
    project.write("changing.ipynb", ["print(n)"])

    _, review = project.run("-p", "n=7")

    assert [run["parameters"] for run in review["runs"]] == [{"n": 7}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--timeout", "nan"], "'nan' is not a number of minutes"),
        (["--timeout", "inf"], "'inf' is not a number of minutes"),
        ([""], "one of the paths is empty"),
    ],
)
def test_values_that_mean_nothing_are_wrong_usage(project, arguments, words):
    done = project.nbci("run", *arguments)

    assert done.returncode == 2
    assert words in done.stderr


def test_a_python_that_is_no_program_is_wrong_usage(project):
    project.write("changing.ipynb", ["x = 2"])
    python = project.write("venv/bin/python", "no program")
    python.chmod(0o755)

    done = project.nbci("run", VIRTUAL_ENV=str(project.root / "venv"))

    assert done.returncode == 2
    assert done.stderr.startswith(f"nbci: {python} cannot be started: ")


def test_a_cache_that_cannot_be_written_does_no_harm(project):
    project.write("changing.ipynb", ["x = 2"])

    done = project.nbci("run", XDG_CACHE_HOME=str(project.root / "README.md"))

    assert done.returncode == 0, done.stderr


def test_a_forged_result_of_a_killed_runner_is_not_green(project):
    forge = (
        "import glob, json, os, signal\n"
        "opened = [os.path.realpath(p) for p in glob.glob(f'/proc/{os.getppid()}/fd/*')]\n"
        "(folder,) = {os.path.dirname(p) for p in opened if p.endswith('/progress.jsonl')}\n"
        "with open(folder + '/result.json', 'w') as file:\n"
        "    result = {'outcome': 'passed', 'seconds': 1, 'cells_done': 2, 'cells_total': 2}\n"
        "    json.dump(result, file)\n"
        "os.kill(os.getppid(), signal.SIGKILL)"
    )
    project.write("changing.ipynb", [forge, "1 / 0"])

    code, review = project.run("changing.ipynb")

    assert code == 3
    assert review["runs"][0]["outcome"] == "lost"


@pytest.mark.parametrize(
    "cells",
    [["import sys; sys.stderr = None", "print(1)"], ["x = '\ud800'"]],
    ids=["no standard error", "a lone surrogate"],
)
def test_a_kernel_that_drops_a_cell_without_an_answer_is_not_waited_for(project, cells):
    project.write("changing.ipynb", cells)

    code, review = project.run("changing.ipynb")

    assert code == 1
    (run,) = review["runs"]
    assert run["outcome"] == "died"
    assert run["failing_cell"]["number"] == len(cells)
    assert "AttributeError" in run["log"] or "UnicodeEncodeError" in run["log"]
