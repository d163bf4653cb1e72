"""What a run may see, and what it leaves behind: nothing."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest
from building.notebooks import notebook, text_of

from bot.model import Outcome, RunState
from bot.notebooks import runner


@pytest.fixture
def mark():
    """A word that no other process has on its command line."""
    return f"daemon-{uuid.uuid4()}"


def processes_with(mark):
    """The processes whose command line ends with *mark*."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        zombie = process.info["status"] == psutil.STATUS_ZOMBIE
        command = " ".join(process.info["cmdline"] or ())
        if command.endswith(mark) and not command.startswith("pgrep") and not zombie:
            found.append(process)
    return found


def gone(mark, seconds=15):
    """Whether no process with *mark* is left, soon."""
    deadline = time.monotonic() + seconds
    while processes_with(mark):
        if time.monotonic() > deadline:
            return False
    return True


# A daemon by the book: forked twice, in a session of its own, deaf to polite signals.
DAEMON = """
import os, subprocess, sys
code = "import signal, time\\nfor s in (1, 2, 15): signal.signal(s, 1)\\ntime.sleep(600)"
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open(os.devnull, os.O_RDWR)
        read, write = os.pipe()
        os.execv(sys.executable, [sys.executable, "-c", code, "MARK"])
    os._exit(0)
os.wait()
while subprocess.run(["pgrep", "-f", "MARK"], stdout=subprocess.DEVNULL).returncode:
    pass
"""


def test_a_daemon_does_not_outlive_its_run(machine, mark):
    result, _ = machine.run(DAEMON.replace("MARK", mark))

    assert result.outcome is Outcome.PASSED, result
    assert gone(mark)


def test_a_daemon_lives_as_long_as_its_run(machine, mark):
    result, executed = machine.run(
        DAEMON.replace("MARK", mark),
        f"import subprocess; subprocess.run(['pgrep', '-f', '{mark}'])",
    )

    assert result.outcome is Outcome.PASSED
    assert "returncode=0" in text_of(executed["cells"][1])


def test_a_fork_bomb_is_stopped(machine, mark):
    bomb = (
        "import subprocess\n"
        "for i in range(3000):\n"
        f"    subprocess.Popen(['sh', '-c', 'sleep 600 # {mark}'])"
    )

    result, _ = machine.run(bomb)

    assert result.outcome is Outcome.DIED
    assert "more than 1000 processes" in result.message
    assert gone(mark)


def test_a_killed_runner_is_no_pass_and_leaves_nothing(machine, mark):
    machine.write("n.ipynb", notebook(DAEMON.replace("MARK", mark), "import time; time.sleep(600)"))
    machine.write("other.ipynb", notebook("import time; time.sleep(1)"))
    run = machine.submit("n.ipynb")
    other = machine.submit("other.ipynb")
    machine.await_state(run, RunState.RUNNING)
    while not processes_with(mark):
        machine.backend.wait(0.01)
    (daemon,) = processes_with(mark)

    daemon.parent().kill()

    result = machine.result(run)
    assert result.outcome is Outcome.LOST
    assert "killed by SIGKILL" in result.message
    assert machine.result(other).outcome is Outcome.PASSED
    assert gone(mark)


NBCI = """
import sys
from pathlib import Path
from bot.backends.local.backend import LocalBackend
from bot.backends.local.durations import Durations
from bot.backends.local.pythons import Pythons
from bot.model import *

root = Path(sys.argv[1])
backend = LocalBackend(
    root,
    jobs=2,
    pythons=Pythons(root, chosen=sys.executable),
    durations=Durations("t", root / "d.json"),
)
backend.submit(Run(run_id="nbci-1", notebook="n.ipynb"))
while True:
    backend.poll(["nbci-1"])
    backend.wait(0.1)
"""


@pytest.mark.parametrize("victim", ["nbci", "server", "runner", "nbci and server"])
def test_nothing_survives_a_kill_at_any_place(tmp_path, mark, victim):
    (tmp_path / "n.ipynb").write_text(
        json.dumps(notebook(DAEMON.replace("MARK", mark), "import time; time.sleep(600)"))
    )
    nbci = subprocess.Popen([sys.executable, "-c", NBCI, str(tmp_path)])
    try:
        while not processes_with(mark):
            assert nbci.poll() is None
        server = next(iter(psutil.Process(nbci.pid).children()))
        runner_process = next(iter(server.children()))
        family = [server, *server.children(recursive=True)]

        for process in {
            "nbci": [nbci],
            "server": [server],
            "runner": [runner_process],
            "nbci and server": [nbci, server],
        }[victim]:
            process.kill()

        _, alive = psutil.wait_procs([p for p in family if p != server], timeout=15)
        assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
        if victim != "nbci and server":
            assert gone(mark)
    finally:
        nbci.kill()
        nbci.wait()
        for process in processes_with(mark):
            process.kill()


def test_cancelling_ends_the_kernel_and_keeps_what_there_is(machine):
    machine.write(
        "n.ipynb",
        notebook("print('done')", "import time; print('begun', flush=True); time.sleep(600)"),
    )
    run = machine.submit("n.ipynb")
    while machine.backend.poll([run])[run].progress.cell != 2:
        machine.backend.wait(0.05)

    machine.backend.cancel(run)

    result = machine.result(run)
    assert result.outcome is Outcome.CANCELLED
    assert result.cells_done == 1
    assert text_of(machine.executed(result)["cells"][0]) == "done\n"


def test_a_cancelled_run_that_waits_is_never_started(new_machine):
    machine = new_machine(jobs=1)
    machine.write("slow.ipynb", notebook("import time; time.sleep(1)"))
    machine.write("n.ipynb", notebook("open('ran', 'w')"))
    slow, waiting = machine.submit("slow.ipynb"), machine.submit("n.ipynb")
    machine.await_state(slow, RunState.RUNNING)

    machine.backend.cancel(waiting)

    assert machine.result(waiting).outcome is Outcome.CANCELLED
    assert machine.result(slow).outcome is Outcome.PASSED
    assert not (machine.root / "ran").exists()


def test_sigterm_ends_a_runner_that_stands_alone(tmp_path):
    source = tmp_path / "n.ipynb"
    source.write_text(json.dumps(notebook("print('one')", "import time; time.sleep(600)")))
    spec = {"notebook": str(source), "folder": str(tmp_path / "out"), "cwd": str(tmp_path)}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    process = subprocess.Popen([sys.executable, runner.__file__, str(tmp_path / "spec.json")])
    progress = tmp_path / "out" / runner.PROGRESS
    while not progress.exists() or '"cell": 2' not in progress.read_text():
        assert process.poll() is None
    family = psutil.Process(process.pid).children(recursive=True)

    process.send_signal(signal.SIGTERM)

    assert process.wait(20) == 0
    result = json.loads((tmp_path / "out" / runner.RESULT).read_text())
    executed = json.loads((tmp_path / "out" / runner.EXECUTED_NOTEBOOK).read_text())
    assert (result["outcome"], result["cells_done"]) == ("cancelled", 1)
    assert text_of(executed["cells"][0]) == "one\n"
    assert not [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("broken", [b"", b"[]", b'{"outcome": "fine"}', b'{"outcome": "passed"}'])
def test_a_run_whose_result_is_broken_is_no_pass(machine, broken):
    machine.write("n.ipynb", notebook("1"))
    run = machine.submit("n.ipynb")
    machine.await_state(run, RunState.ENDED)
    (path,) = _scratch(machine).rglob(runner.RESULT)
    path.write_bytes(broken)

    result = machine.result(run)

    assert result.outcome is Outcome.LOST


def test_a_pass_without_its_executed_notebook_is_no_pass(machine):
    machine.write("n.ipynb", notebook("1"))
    run = machine.submit("n.ipynb")
    machine.await_state(run, RunState.ENDED)
    (path,) = _scratch(machine).rglob(runner.EXECUTED_NOTEBOOK)
    path.unlink()

    assert machine.result(run).outcome is Outcome.LOST


def _scratch(machine):
    return machine.backend._scratch


def test_secrets_of_nbci_do_not_reach_the_kernel(new_machine):
    environment = {
        **os.environ,
        "NBCI_GITHUB_TOKEN": "canary-1",
        "GITHUB_TOKEN": "canary-2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary-3",
        "MINE": "visible",
    }
    machine = new_machine(environment=environment)

    result, executed = machine.run(
        "import os\nprint(os.environ['MINE'], 'canary' in str(dict(os.environ)))",
        "found = [p for p in os.listdir('/proc') if p.isdigit() and p != str(os.getpid())"
        " and os.getsid(int(p)) and 'fork_server' in open(f'/proc/{p}/cmdline').read()"
        " and 'canary' in open(f'/proc/{p}/environ').read()]\nprint(found)",
    )

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == "visible False\n"
    assert text_of(executed["cells"][1]) == "[]\n"


def test_variables_of_the_configuration_reach_the_kernel(machine):
    result, executed = machine.run("import os; print(os.environ['SEED'])", env={"SEED": "7"})

    assert result.outcome is Outcome.PASSED
    assert text_of(executed["cells"][0]) == "7\n"


def test_variables_that_python_reads_as_it_starts_work_too(machine):
    result, executed = machine.run(
        "import sys; print(sys.flags.hash_randomization, sys.flags.optimize)",
        env={"PYTHONHASHSEED": "0", "PYTHONOPTIMIZE": "1"},
    )

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == "0 1\n"


def test_nbcis_own_packages_are_not_there(machine):
    result, executed = machine.run(
        "import importlib\n"
        "for name in ('bot', 'action', 'nbci_runner', 'tests', 'benchmarks'):\n"
        "    try:\n"
        "        print(importlib.import_module(name))\n"
        "    except ModuleNotFoundError as error:\n"
        "        print(error)",
        "import sys; print([name for name in sys.modules if 'nbci' in name or name == 'bot'])",
    )

    assert result.outcome is Outcome.PASSED
    expected = [f"No module named '{name}'" for name in ("bot", "action", "nbci_runner")]
    assert text_of(executed["cells"][0]).splitlines()[:3] == expected
    assert text_of(executed["cells"][1]) == "[]\n"


def test_the_repositorys_own_package_called_bot_is_found(machine):
    (machine.root / "bot").mkdir()
    (machine.root / "bot" / "__init__.py").write_text("whose = 'mine'")

    result, executed = machine.run("import bot\nprint(bot.whose)")

    assert result.outcome is Outcome.PASSED, result
    assert text_of(executed["cells"][0]) == "mine\n"


def test_a_forked_kernel_looks_like_one_started_by_jupyter(machine):
    _, executed = machine.run(
        "import sys, threading, os\n"
        "print(sys.argv[1], sys.path[0] == '' or os.getcwd(), __name__)\n"
        "print(os.path.basename(sys.argv[0]))\n"
        "print(threading.main_thread() is threading.current_thread())\n"
        "print(sys.executable)",
        "import multiprocessing\n"
        "print(multiprocessing.get_context('fork').Pool(2).map(abs, [-1, -2]))",
        "!echo shell",
        "%matplotlib inline\nimport matplotlib; print(matplotlib.get_backend())",
    )

    texts = [text_of(cell) for cell in executed["cells"]]
    assert texts[0].splitlines()[1:] == ["ipykernel_launcher.py", "True", sys.executable]
    assert texts[0].startswith("-f ")
    assert texts[1] == "[1, 2]\n"
    assert texts[2].strip() == "shell"
    assert "inline" in texts[3]


def test_random_numbers_differ_between_runs(machine):
    source = "import random, uuid\nprint(random.random(), uuid.uuid4())"
    for name in ("a.ipynb", "b.ipynb"):
        machine.write(name, notebook(source))
    runs = [machine.submit(name) for name in ("a.ipynb", "b.ipynb")]

    texts = [text_of(machine.executed(machine.result(run))["cells"][0]) for run in runs]

    assert texts[0] != texts[1]


def test_no_files_are_left_in_the_temporary_folder(new_machine, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    Path(tmp_path / "t").mkdir()
    machine = new_machine()

    machine.run("1")
    machine.backend.close()

    assert list(Path(tmp_path / "t").iterdir()) == []
