"""How runners are started: forked by a server, or each a program of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from building.notebooks import notebook, text_of

from bot.backends.local.kernel_check import why_no_kernel
from bot.model import Outcome, RunState


@pytest.fixture
def programs(new_machine):
    """A machine on which nothing is forked, like macOS."""
    return new_machine(forks=False)


def test_a_runner_that_is_a_program_runs_a_notebook(programs):
    result, executed = programs.run(
        "import os; print(os.environ['SEED'])", env={"SEED": "7"}, parameters={"n": 1}
    )

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][1]) == "7\n"


def test_a_runner_that_is_a_program_says_where_a_notebook_failed(programs):
    result, _ = programs.run("x = 1", "y = 2\n1 / 0")

    assert result.outcome is Outcome.FAILED
    assert (result.failing_cell.number, result.failing_cell.cell_line) == (2, 2)


def test_a_runner_that_is_a_program_can_be_cancelled(programs):
    programs.write("n.ipynb", notebook("print('done')", "import time; time.sleep(600)"))
    run = programs.submit("n.ipynb")
    while programs.backend.poll([run])[run].progress.cell != 2:
        programs.backend.wait(0.05)

    programs.backend.cancel(run)

    result = programs.result(run)
    assert (result.outcome, result.cells_done) == (Outcome.CANCELLED, 1)


def test_a_runner_that_is_a_program_and_dies_has_lost_its_run(programs):
    programs.write("n.ipynb", notebook("import os, signal; os.kill(os.getppid(), signal.SIGKILL)"))

    result = programs.result(programs.submit("n.ipynb"))

    assert result.outcome is Outcome.LOST
    assert "killed by SIGKILL" in result.message


@pytest.mark.parametrize("forks", [True, False])
def test_variables_that_a_process_reads_as_it_starts_are_there_in_time(new_machine, forks):
    machine = new_machine(forks=forks)
    source = "import sys, time\nprint(sys.flags.optimize, time.strftime('%H', time.gmtime(0)))"
    local = "print(time.strftime('%H', time.localtime(0)))"

    result, executed = machine.run(source, local, env={"PYTHONOPTIMIZE": "1", "TZ": "XXX-9"})

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == "1 00\n"
    assert text_of(executed["cells"][1]) == "09\n"


def test_variables_that_keep_python_from_starting_reject_their_notebooks_only(machine):
    machine.write("broken.ipynb", notebook("1"))
    machine.write("fine.ipynb", notebook("1"))
    broken = machine.submit("broken.ipynb", env={"PYTHONHOME": "/nowhere"})
    fine = machine.submit("fine.ipynb")

    result = machine.result(broken)

    assert result.outcome is Outcome.REJECTED
    assert result.message.startswith(
        f"with the variables of `env` in the configuration, {sys.executable} cannot run notebooks: "
    )
    assert machine.result(fine).outcome is Outcome.PASSED


def test_a_python_given_by_a_relative_path_runs_notebooks(new_machine, monkeypatch):
    monkeypatch.chdir(Path(sys.executable).parent)
    machine = new_machine(python="./python")

    result, _ = machine.run("1")

    assert result.outcome is Outcome.PASSED, result


@pytest.fixture
def new_python(tmp_path):
    """Make an environment that has ours below its own packages, and return its site-packages."""

    def make(name):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / name], check=True)
        (site,) = (tmp_path / name / "lib").glob("python*/site-packages")
        ours = next(entry for entry in sys.path if entry.endswith("site-packages"))
        (site / "ours.pth").write_text(ours)
        return tmp_path / name / "bin" / "python", site

    return make


def test_an_environment_that_prints_as_it_starts_runs_notebooks(new_machine, new_python):
    python, site = new_python("chatty")
    (site / "sitecustomize.py").write_text(
        "import atexit, os\nprint('hello')\nos.write(2, b'raw')\natexit.register(print, 'bye')\n"
    )
    machine = new_machine(python=str(python))

    result, executed = machine.run("print('mine')")

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == "mine\n"


def test_a_broken_ipykernel_is_told_from_a_missing_one(new_machine, new_python):
    python, site = new_python("broken")
    (site / "zmq.py").write_text("raise ImportError('libzmq.so.5: cannot open')")
    machine = new_machine(python=str(python))

    result, _ = machine.run("1")

    assert result.outcome is Outcome.REJECTED
    assert result.message == (
        f"{python} cannot run notebooks: ImportError: libzmq.so.5: cannot open;"
        f" install what is missing with: {python} -m pip install --force-reinstall ipykernel"
    )


def test_a_python_too_old_is_told(tmp_path):
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho noise >&2\necho 'too old: 2.7.18' >&2\nexit 1\n")
    old.chmod(0o755)

    reason = why_no_kernel(str(old), dict(os.environ))

    assert reason == f"{old} is Python 2.7.18; notebooks are run with Python 3.9 or newer"


def test_kernels_of_an_environment_without_ipykernel_are_found(new_machine, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    spec = tmp_path / "bare" / "share" / "jupyter" / "kernels" / "shell"
    spec.mkdir(parents=True)
    command = f'["{sys.executable}", "-m", "bash_kernel", "-f", "{{connection_file}}"]'
    (spec / "kernel.json").write_text(
        f'{{"argv": {command}, "display_name": "Shell", "language": "bash"}}'
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    machine = new_machine(python=str(tmp_path / "bare" / "bin" / "python"), environment=environment)

    result, executed = machine.run("command -v python", metadata={"kernelspec": {"name": "shell"}})

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == f"{tmp_path}/bare/bin/python\n"


def test_a_run_started_by_a_server_that_dies_does_not_hang(machine):
    machine.write("n.ipynb", notebook("import time; time.sleep(600)"))
    run = machine.submit("n.ipynb")
    machine.await_state(run, RunState.RUNNING)
    (server,) = machine.backend._pythons.launchers()

    server.kill(run)

    assert machine.result(run).outcome is Outcome.LOST
    machine.write("other.ipynb", notebook("1"))
    assert machine.result(machine.submit("other.ipynb")).outcome is Outcome.PASSED
