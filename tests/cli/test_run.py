"""`nbci run`, as a user meets it."""

import json
import signal
import subprocess
import xml.etree.ElementTree as ET

import psutil
import pytest
from building.notebooks import notebook, text_of


def outcomes(review):
    return {run["notebook"]: run["outcome"] for run in review["runs"]}


def test_what_the_branch_changed_is_run_and_nothing_else(project):
    project.write("changing.ipynb", ["x = 2"])
    project.write("lib.py", "value = 2\n")
    project.commit()

    code, review = project.run()

    assert code == 0
    assert review["conclusion"] == "success"
    assert outcomes(review) == {"changing.ipynb": "passed", "importing.ipynb": "passed"}
    reasons = {run["notebook"]: run["reasons"] for run in review["runs"]}
    assert reasons == {
        "changing.ipynb": ["changed"],
        "importing.ipynb": ["imports `lib.py`, changed"],
    }


def test_uncommitted_changes_count_and_the_first_line_says_so(project):
    project.write("changing.ipynb", ["print('not committed')"])
    project.write("new.ipynb", ["print('not even added')"])

    done = project.nbci("run")

    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert "orking tree" in first
    assert "uncommitted changes included" in first
    assert any("changing.ipynb" in line for line in lines)
    assert any("new.ipynb" in line for line in lines)
    assert lines[-1].startswith("All 2 notebooks passed in ")
    assert "\x1b" not in done.stdout


def test_a_failure_is_shown_with_its_line_and_is_exit_code_1(project):
    path = project.write("changing.ipynb", ["total = 0", "for n in [1, 0]:\n    total += 1 / n"])

    done = project.nbci("run", "--json", "out/review.json", "--junit", "out/junit.xml")

    assert done.returncode == 1
    (run,) = json.loads((project.root / "out/review.json").read_text())["runs"]
    line = run["failing_cell"]["line"]
    assert path.read_text().splitlines()[line - 1].strip() == '"    total += 1 / n"'
    assert run["failing_cell"]["number"] == 2
    assert f"changing.ipynb:{line}" in done.stdout
    assert "ZeroDivisionError: division by zero" in done.stdout
    assert "1 of 1 notebook failed" in done.stdout
    cases = list(ET.parse(project.root / "out/junit.xml").iter("testcase"))
    assert [len(case) for case in cases] == [0, 1]
    executed = json.loads((project.root / "nbci-report" / run["executed_notebook"]).read_text())
    assert executed["cells"][1]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert (project.root / "nbci-report" / "index.html").is_file()


def test_nothing_in_the_repository_is_touched_but_the_report(project):
    project.write("changing.ipynb", ["print('now')"])
    before = {path: path.read_bytes() for path in project.root.rglob("*.ipynb")}
    status = project.git("status", "--porcelain")

    project.nbci("run", "--all")

    assert {path: path.read_bytes() for path in before} == before
    assert project.git("status", "--porcelain") == status


def test_nothing_affected_is_success(project):
    done = project.nbci("run")

    assert done.returncode == 0
    assert "No notebook" in done.stdout


def test_a_head_is_run_from_its_commit_and_nothing_else(project):
    project.write(
        "changing.ipynb", ["import os; print(os.path.exists('ignored.txt'))", "x = 'commit'"]
    )
    project.write(".gitignore", "ignored.txt\n")
    head = project.commit()
    project.write("ignored.txt", "here")
    project.write("changing.ipynb", ["1 / 0"])
    project.write("other.ipynb", ["1 / 0"])

    code, review = project.run("--head", "feature")

    assert code == 0, review
    assert review["head_sha"] == head
    assert outcomes(review) == {"changing.ipynb": "passed"}
    (run,) = review["runs"]
    executed = json.loads((project.root / "nbci-report" / run["executed_notebook"]).read_text())
    assert text_of(executed["cells"][0]) == "False\n"


def test_in_place_sees_what_git_ignores_and_isolated_does_not(project):
    project.write(".gitignore", "ignored.txt\n")
    project.write("ignored.txt", "here")
    project.write("changing.ipynb", ["assert open('ignored.txt').read() == 'here'"])

    in_place, _ = project.run()
    isolated, review = project.run("--isolated")

    assert (in_place, isolated) == (0, 1)
    assert review["runs"][0]["failing_cell"]["ename"] == "FileNotFoundError"


def test_notebooks_are_named_from_any_folder(project):
    project.write("deep/inside/one.ipynb", ["x = 1"])
    project.write("deep/two.ipynb", ["x = 1"])

    _, review = project.run("inside", "../steady.ipynb", cwd=project.root / "deep")

    assert outcomes(review) == {"deep/inside/one.ipynb": "passed", "steady.ipynb": "passed"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stedy.ipynb"], "steady.ipynb"),
        (["../outside.ipynb"], "outside"),
        (["--base", "nowhere"], "nowhere"),
        (["--head", "-x"], "-x"),
        (["--python", "/no/python"], "/no/python"),
        (["-p", "novalue"], "NAME=VALUE"),
        (["--jobs", "0"], "--jobs"),
        (["--unknown"], "--unknown"),
    ],
)
def test_wrong_usage_is_one_clear_message_and_exit_code_2(project, arguments, words):
    project.write("changing.ipynb", ["x = 2"])

    done = project.nbci("run", *arguments)

    assert done.returncode == 2, done.stdout
    assert words in done.stderr


def test_a_wrong_configuration_names_file_line_and_key(project):
    project.write(".github/nbci.yml", "exclud:\n  - drafts/\n")

    done = project.nbci("run")

    assert done.returncode == 2
    assert ".github/nbci.yml:1: " in done.stderr
    assert "did you mean 'exclude'?" in done.stderr


def test_the_configuration_decides_how_notebooks_run(project):
    project.write(
        ".github/nbci.yml",
        "exclude: [drafts/]\n"
        "rules:\n"
        "  - paths: [changing.ipynb]\n"
        "    matrix: {n: [1, 2]}\n"
        "    env: {MODE: fast}\n"
        "  - paths: [flaky.ipynb]\n"
        "    allow_failure: true\n",
    )
    project.write(
        "changing.ipynb", ["import os", "assert n in (1, 2) and os.environ['MODE'] == 'fast'"]
    )
    project.write("flaky.ipynb", ["1 / 0"])
    project.write("drafts/draft.ipynb", ["1 / 0"])

    code, review = project.run()

    found = [(run["notebook"], run["parameters"], run["outcome"]) for run in review["runs"]]
    assert code == 0
    assert found == [
        ("changing.ipynb", {"n": 1}, "passed"),
        ("changing.ipynb", {"n": 2}, "passed"),
        ("flaky.ipynb", {}, "failed"),
    ]
    assert review["conclusion"] == "success"


def test_parameters_are_json_or_else_text(project):
    project.write("changing.ipynb", ["print(repr((n, flag, name, items)))"])

    _, review = project.run(
        "-p", "n=3", "-p", "flag=True", "-p", "name=a=b", "-p", "items=[1, null]"
    )

    (run,) = review["runs"]
    executed = json.loads((project.root / "nbci-report" / run["executed_notebook"]).read_text())
    assert text_of(executed["cells"][1]) == "(3, True, 'a=b', [1, None])\n"


def test_a_timeout_in_minutes_ends_each_notebook(project):
    project.write("changing.ipynb", ["import time; time.sleep(60)"])

    code, review = project.run("--timeout", "0.02")

    assert code == 1
    assert outcomes(review) == {"changing.ipynb": "timed_out"}


def test_json_and_junit_can_go_to_standard_output(project):
    project.write("changing.ipynb", ["x = 2"])

    done = project.nbci("run", "--json", "-")

    assert json.loads(done.stdout)["conclusion"] == "success"
    assert "changing.ipynb" in done.stderr


def test_quiet_says_only_how_it_ended(project):
    project.write("changing.ipynb", ["x = 2"])

    done = project.nbci("run", "--quiet")

    assert done.stdout.startswith("1 notebook passed in ")
    assert len(done.stdout.splitlines()) == 1


def test_ctrl_c_ends_the_kernels_and_writes_what_there_is(project):
    project.write(
        "changing.ipynb", ["print('first')", "open('begun', 'w')", "import time; time.sleep(600)"]
    )
    project.write("waiting.ipynb", ["open('started', 'w')"])
    process = project.start("run", "--jobs", "1", "changing.ipynb", "waiting.ipynb")
    while not (project.root / "begun").exists():
        assert process.poll() is None
    family = psutil.Process(process.pid).children(recursive=True)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 130, err
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    review = json.loads((project.root / "nbci-report" / "review.json").read_text())
    assert outcomes(review) == {"changing.ipynb": "cancelled", "waiting.ipynb": "cancelled"}
    assert not (project.root / "started").exists()
    (run,) = [run for run in review["runs"] if run["executed_notebook"]]
    executed = json.loads((project.root / "nbci-report" / run["executed_notebook"]).read_text())
    assert text_of(executed["cells"][0]) == "first\n"
    assert "cancelled" in out


def test_a_killed_runner_is_an_infrastructure_failure(project):
    project.write("changing.ipynb", ["open('begun', 'w')", "import time; time.sleep(600)"])
    process = project.start("run")
    while not (project.root / "begun").exists():
        assert process.poll() is None
    (server,) = psutil.Process(process.pid).children()
    (runner,) = server.children()

    runner.kill()
    out, _ = process.communicate(timeout=30)

    assert process.returncode == 3, out
    assert "could not be run" in out or "lost" in out


def test_secrets_in_our_environment_are_nowhere_a_notebook_can_look(project):
    look = (
        "import glob\n"
        "from pathlib import Path\n"
        "found = []\n"
        "for path in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try:\n"
        "        command = Path(path).read_text()\n"
        "        seen = Path(path.replace('cmdline', 'environ')).read_text()\n"
        "    except OSError:\n"
        "        continue\n"
        "    if 'bot' in command or 'fork_server' in command:\n"
        "        found.append('can' + 'ary' in seen)\n"
        "print(len(found) > 1, any(found))"
    )
    project.write("changing.ipynb", [look])

    _, review = project.run(GITHUB_TOKEN="canary", NBCI_SETTING="canary")

    (run,) = review["runs"]
    executed = json.loads((project.root / "nbci-report" / run["executed_notebook"]).read_text())
    assert text_of(executed["cells"][0]) == "True False\n"


def test_names_of_any_kind_reach_the_report(project):
    names = ["with space.ipynb", "-dash.ipynb", "new\nline.ipynb", "\u202egnp.ipynb", "$(id).ipynb"]
    for name in names:
        project.write(name, ["x = 1"])
    (project.root / "caf\udce9.ipynb").write_text(json.dumps(notebook("x = 1")))

    code, review = project.run()

    assert code == 0, review
    assert sorted(outcomes(review)) == sorted([*names, "caf\udce9.ipynb"])
    assert set(outcomes(review).values()) == {"passed"}


def test_a_folder_without_git_runs_what_is_named(tmp_path, project):
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "one.ipynb").write_text(json.dumps(notebook("x = 1")))

    named, review = project.run("one.ipynb", cwd=folder)
    unnamed = project.nbci("run", cwd=folder)

    assert named == 0
    assert outcomes(review) == {"one.ipynb": "passed"}
    assert unnamed.returncode == 2
    assert "git" in unnamed.stderr


def test_a_symlinked_notebook_is_rejected_and_the_others_run(project):
    project.write("changing.ipynb", ["x = 2"])
    (project.root / "link.ipynb").symlink_to("changing.ipynb")

    code, review = project.run()

    assert code == 1
    assert outcomes(review) == {"changing.ipynb": "passed", "link.ipynb": "rejected"}


def test_a_text_notebook_fails_on_the_line_of_its_text(project):
    project.write(".github/nbci.yml", "include: ['*.ipynb', 'scripts/*.py']\n")
    text = "# %% [markdown]\n# # Title\n\n# %%\nx = 0\n\n# %%\n# why\n1 / x\n"
    project.write("scripts/analysis.py", text)

    code, review = project.run()

    assert code == 1
    (run,) = review["runs"]
    assert (run["notebook"], run["failing_cell"]["line"]) == ("scripts/analysis.py", 9)


def test_the_same_review_has_the_same_run_ids(project):
    project.write("changing.ipynb", ["x = 2"])

    _, first = project.run()
    _, second = project.run()

    assert first["runs"][0]["run_id"] == second["runs"][0]["run_id"]


def test_help_has_examples_and_completion_is_printed(project):
    help_text = project.nbci("run", "--help").stdout
    script = project.nbci("completion", "bash").stdout

    assert "nbci run --base origin/main --head feature" in help_text
    assert "_NBCI_COMPLETE" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=True).returncode == 0
