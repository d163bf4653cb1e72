"""Which kernel runs a notebook, and in which Python."""

import json
import os
import subprocess
import sys

import pytest
from building.notebooks import notebook, text_of

from bot.backends.local.interpreter import interpreters
from bot.errors import UsageError
from bot.model import Outcome

BASH = {"name": "bash", "display_name": "Bash", "language": "bash"}
R = {"name": "ir", "display_name": "R", "language": "R"}


@pytest.fixture(scope="module")
def bash_kernel(tmp_path_factory):
    """A folder for JUPYTER_PATH in which the bash kernel is registered."""
    folder = tmp_path_factory.mktemp("jupyter")
    spec = folder / "kernels" / "bash"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Bash", "language": "bash", "env": {"PS1": "$"}})
    )
    return {**os.environ, "JUPYTER_PATH": str(folder)}


def test_a_bash_notebook_runs_in_the_bash_kernel(new_machine, bash_kernel):
    machine = new_machine(environment=bash_kernel)

    result, executed = machine.run("x=6\necho $((x * 7))", "pwd", metadata={"kernelspec": BASH})

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == "42\n"
    assert text_of(executed["cells"][1]).strip() == str(machine.root)


def test_a_failing_bash_cell_fails(new_machine, bash_kernel):
    machine = new_machine(environment=bash_kernel)

    result, _ = machine.run("true", "false", "echo never", metadata={"kernelspec": BASH})

    assert result.outcome is Outcome.FAILED
    assert result.failing_cell.number == 2


def test_parameters_reach_a_bash_notebook(new_machine, bash_kernel):
    machine = new_machine(environment=bash_kernel)

    result, executed = machine.run(
        'echo "$name $n"', metadata={"kernelspec": BASH}, parameters={"name": "a 'b'", "n": 3}
    )

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][1]) == "a 'b' 3\n"


def test_a_bash_cell_over_its_limit_is_timed_out(new_machine, bash_kernel):
    machine = new_machine(environment=bash_kernel)

    result, _ = machine.run("sleep 600", metadata={"kernelspec": BASH}, cell_timeout=1.0)

    assert result.outcome is Outcome.TIMED_OUT


@pytest.mark.r_kernel
def test_an_r_notebook_runs_and_fails_where_it_should(new_machine):
    machine = new_machine()

    result, executed = machine.run(
        "cat(sum(1:n))", "stop('no good')", metadata={"kernelspec": R}, parameters={"n": 4}
    )

    assert result.outcome is Outcome.FAILED, result
    assert text_of(executed["cells"][1]) == "10"
    assert result.failing_cell.number == 2
    assert "no good" in result.failing_cell.evalue


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python"}},
        {"kernelspec": {"name": "my-project", "language": "python"}},
        {"kernelspec": {"name": "gone"}, "language_info": {"name": "python"}},
        {"kernelspec": None, "language_info": "python"},
    ],
)
def test_an_unknown_python_kernel_falls_back_to_the_one_here(machine, metadata):
    result, _ = machine.run("import sys", metadata=metadata)

    assert result.outcome is Outcome.PASSED, result


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"kernelspec": {"name": "julia-1.9", "language": "julia"}}, "julia-1.9"),
        (
            {"kernelspec": {"name": "conda-env-other-py", "language": "python"}},
            "conda-env-other-py",
        ),
        ({"kernelspec": {"name": "nobody-knows"}}, "nobody-knows"),
        ({"language_info": {"name": "scala"}}, "one for scala"),
    ],
)
def test_a_kernel_that_is_not_here_is_rejected_with_those_that_are(machine, metadata, name):
    result, _ = machine.run("1", metadata=metadata)

    assert result.outcome is Outcome.REJECTED
    assert result.message.startswith(f"no such kernel: {name}; kernels here: ")
    assert "python3" in result.message


def test_the_configured_kernel_goes_before_the_notebooks(machine):
    julia = {"name": "julia-1.9", "language": "julia"}
    machine.write("other.ipynb", notebook("1"))

    result, _ = machine.run("1", metadata={"kernelspec": julia}, kernel="python3")
    missing = machine.result(machine.submit("other.ipynb", kernel="missing"))

    assert result.outcome is Outcome.PASSED
    assert missing.outcome is Outcome.REJECTED
    assert missing.message.startswith("no such kernel: missing; kernels here: ")


def test_a_python_without_ipykernel_says_how_to_get_it(new_machine, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / "bin" / "python"
    machine = new_machine(python=str(python))

    result, _ = machine.run("1")

    assert result.outcome is Outcome.REJECTED
    assert result.message == (
        f"{python} has no ipykernel, so it cannot run notebooks;"
        f" install it with: {python} -m pip install ipykernel"
    )


def test_the_kernel_is_the_python_that_was_chosen(new_machine, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "own"], check=True)
    (site,) = (tmp_path / "own" / "lib").glob("python*/site-packages")
    ours = next(entry for entry in sys.path if entry.endswith("site-packages"))
    (site / "ours.pth").write_text(ours)
    python = tmp_path / "own" / "bin" / "python"
    machine = new_machine(python=str(python))

    result, executed = machine.run(
        "import sys; print(sys.executable)", "!python -c 'import sys; print(sys.prefix)'"
    )

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == f"{python}\n"
    assert text_of(executed["cells"][1]).strip() == str(tmp_path / "own")


def test_what_is_activated_goes_before_the_path(tmp_path):
    for folder in ("venv", "conda", "other"):
        (tmp_path / folder / "bin").mkdir(parents=True)
        (tmp_path / folder / "bin" / "python").touch(0o755)
    path = {"PATH": str(tmp_path / "other" / "bin")}
    conda = {**path, "CONDA_PREFIX": str(tmp_path / "conda")}
    venv = {**conda, "VIRTUAL_ENV": str(tmp_path / "venv")}

    found = [list(interpreters(None, variables)) for variables in (venv, conda, path)]

    assert found[0] == [str(tmp_path / "venv" / "bin" / "python")]
    assert found[1] == [str(tmp_path / "conda" / "bin" / "python")]
    assert found[2] == [str(tmp_path / "other" / "bin" / "python"), sys.executable]


def test_a_python_that_is_not_there_is_a_usage_error():
    with pytest.raises(UsageError, match="--python /nowhere: there is no such program"):
        list(interpreters("/nowhere", {}))


def test_a_requirements_file_makes_an_environment_of_its_own(new_machine, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    machine = new_machine()
    package = machine.root / "package"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "nowhere-else"\nversion = "1.0"\n'
    )
    (package / "backend.py").write_text(_BACKEND)
    (machine.root / "requirements.txt").write_text("./package\n")

    result, executed = machine.run(
        "import nowhere_else; print(nowhere_else.value)", environment="requirements.txt"
    )

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == "only here\n"
    assert list((tmp_path / "cache").rglob("complete"))


def test_an_environment_that_cannot_be_solved_is_rejected_with_pips_reason(
    new_machine, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    machine = new_machine()
    (machine.root / "requirements.txt").write_text("./not-there\n")

    result, _ = machine.run("1", environment="requirements.txt")

    assert result.outcome is Outcome.REJECTED
    assert result.message.startswith("environment file requirements.txt cannot be solved: ERROR: ")
    assert "not-there" in result.message


# A build backend in one file: no other package is needed to build one that has a single module.
_BACKEND = """
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "nowhere_else-1.0-py3-none-any.whl"
    info = "nowhere_else-1.0.dist-info"
    files = {
        "nowhere_else.py": "value = 'only here'",
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: nowhere-else\\nVersion: 1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        for path, text in [*files.items(), (f"{info}/RECORD", record)]:
            wheel.writestr(path, text)
    return name
"""
