"""Where `nbci run` writes, and what happens when it cannot."""

import json
from pathlib import Path

import pytest


def names_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_with_other_files_is_never_made_a_report(project):
    project.write("notebooks/mine.ipynb", ["x = 1"])
    project.write(".gitignore", "mine\n")
    before = names_in(project.root)

    done = project.nbci("run", "--report", ".")

    assert done.returncode == 2
    assert "name a new or an empty one" in done.stderr
    assert names_in(project.root) == before
    assert (project.root / ".gitignore").read_text() == "mine\n"


def test_a_report_replaces_an_earlier_one(project):
    report = project.root / "nbci-report"
    project.nbci("run", "--all")
    assert "notebooks/importing" in " ".join(names_in(report))

    done = project.nbci("run", "steady.ipynb")

    assert done.returncode == 0
    notebooks = [name for name in names_in(report) if name.startswith("notebooks/")]
    assert [name.rpartition(".")[2] for name in notebooks] == ["html", "ipynb"]
    assert all("steady" in name for name in notebooks)


def test_verdicts_of_an_earlier_run_are_gone_while_notebooks_run(project):
    project.write("changing.ipynb", ["import os", "print(os.path.getsize('out/review.json'))"])
    project.write("out/review.json", '{"conclusion": "success"}')
    project.nbci("run", "--report", "rep", "steady.ipynb")
    look = "import glob; print(glob.glob('rep/*.json') + glob.glob('rep/*.html'))"
    project.write("looking.ipynb", [look])

    done = project.nbci(
        *("run", "--report", "rep", "--json", "out/review.json"),
        *("--jobs", "1", "changing.ipynb", "looking.ipynb"),
    )

    assert done.returncode == 0, done.stderr
    executed = "".join(
        path.read_text() for path in (project.root / "rep/notebooks").glob("*.ipynb")
    )
    assert '"0\\n"' in executed
    assert '"[]\\n"' in executed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--report", "README.md/x"], "README.md/x: no report can be written there"),
        (["--json", "README.md/x.json"], "README.md/x.json cannot be written"),
        (["--junit", "/dev/null/x.xml"], "/dev/null/x.xml cannot be written"),
        (["--json", "-", "--junit", "-"], "--junit and --json cannot go to the same place"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_runs(project, arguments, words):
    project.write("changing.ipynb", ["open('ran', 'w')"])

    done = project.nbci("run", *arguments)

    assert done.returncode == 2
    assert words in done.stderr
    assert not (project.root / "ran").exists()


def test_a_full_disk_loses_one_file_and_the_green_verdict_but_nothing_else(project):
    project.write("changing.ipynb", ["x = 2"])

    done = project.nbci("run", "--junit", "/dev/full", "--json", "review.json")

    assert done.returncode == 3
    assert "nbci: /dev/full cannot be written: No space left on device" in done.stderr
    assert json.loads((project.root / "review.json").read_text())["conclusion"] == "success"
    assert (project.root / "nbci-report/index.html").is_file()


@pytest.mark.parametrize("command", [["run"], ["plan"], ["plan", "--json"]])
def test_a_full_disk_behind_standard_output_is_one_line(project, command):
    project.write("changing.ipynb", ["x = 2"])
    with Path("/dev/full").open("w") as full:
        process = project.start(*command, stdout=full)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 3
    assert err == "nbci: No space left on device\n"


def test_a_notebook_that_takes_the_report_away_has_not_passed(project):
    project.write(
        "changing.ipynb",
        ["import shutil; shutil.rmtree('nbci-report')", "open('nbci-report', 'w').close()"],
    )

    code, review = project.run("changing.ipynb")

    assert code == 3
    (run,) = review["runs"]
    assert run["outcome"] == "lost"
    assert "executed notebook cannot be kept" in run["message"]


def test_a_notebook_that_takes_our_folder_away_gets_its_report(project):
    project.write("deep/one.ipynb", ["import os, shutil; shutil.rmtree(os.getcwd())", "1 / 0"])

    done = project.nbci("run", "one.ipynb", cwd=project.root / "deep")

    assert done.returncode == 1, done.stderr
    review = json.loads((project.root / "deep/nbci-report/review.json").read_text())
    assert review["runs"][0]["failing_cell"]["number"] == 2


def test_two_at_once_share_a_report_and_lose_no_notebook(project):
    wait = "import os\nopen('{0}', 'w').close()\nwhile not os.path.exists('{1}'): pass"
    project.write("one.ipynb", [wait.format("one", "two")])
    project.write("two.ipynb", [wait.format("two", "one")])

    both = [project.start("run", f"{name}.ipynb") for name in ("one", "two")]
    for process in both:
        process.communicate(timeout=60)

    assert [process.returncode for process in both] == [0, 0]
    notebooks = [path.name[:4] for path in (project.root / "nbci-report/notebooks").iterdir()]
    assert sorted(notebooks) == ["one-", "one-", "two-", "two-"]
