"""`nbci plan`, `check-config`, `schema` and `doctor`."""

import json
import os
import subprocess
import sys


def test_plan_shows_what_is_run_and_what_is_skipped_and_why(project):
    project.write("changing.ipynb", ["x = 2"])
    content = json.loads((project.root / "steady.ipynb").read_text())
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "new"}]
    project.write("steady.ipynb", json.dumps(content, indent=1))

    table = project.nbci("plan")
    plan = json.loads(project.nbci("plan", "--json").stdout)

    assert table.returncode == 0
    assert "working tree" in table.stdout.splitlines()[0].lower()
    assert plan["selected"] == [{"notebook": "changing.ipynb", "reasons": ["changed"]}]
    (skipped,) = plan["skipped"]
    assert skipped["notebook"] == "steady.ipynb"
    assert "outputs" in skipped["reasons"][0]
    assert "changing.ipynb" in table.stdout
    assert skipped["reasons"][0] in table.stdout


def test_a_plan_of_a_head_goes_by_the_configuration_at_that_head(project):
    project.write(".github/nbci.yml", "exclude: [changing.ipynb]\n")
    project.write("changing.ipynb", ["x = 2"])
    project.commit()
    project.write(".github/nbci.yml", "")

    plan = json.loads(project.nbci("plan", "--head", "feature", "--json").stdout)

    assert plan["selected"] == []


def test_check_config_says_what_is_right_and_what_is_wrong(project):
    missing = project.nbci("check-config")
    project.write(".github/nbci.yml", "max_notebooks: 5\n")
    right = project.nbci("check-config")
    project.write(".github/nbci.yml", "max_notebooks: many\nmax_notebooks: 3\n")
    wrong = project.nbci("check-config")

    assert (missing.returncode, right.returncode, wrong.returncode) == (0, 0, 2)
    assert "defaults are used" in missing.stdout
    assert ".github/nbci.yml is valid" in right.stdout
    assert ".github/nbci.yml:2: " in wrong.stderr


def test_schema_prints_json(project):
    schema = json.loads(project.nbci("schema").stdout)

    assert "rules" in schema["properties"]


def test_doctor_names_the_python_its_kernels_and_the_repository(project):
    done = project.nbci("doctor")

    assert done.returncode == 0, done.stdout
    for word in ("ipykernel", "python3", "Repository", "Configuration"):
        assert word in done.stdout or word == "ipykernel"


def test_doctor_says_what_to_do_about_a_python_without_ipykernel(project, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / "bin" / "python"

    done = project.nbci("doctor", "--python", str(python))

    assert done.returncode == 3
    assert f"{python} has no ipykernel" in done.stdout
    assert f"{python} -m pip install ipykernel" in done.stdout


def test_doctor_is_not_misled_by_a_python_that_prints_as_it_starts(project, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('hello')")

    done = project.nbci("doctor", PYTHONPATH=str(tmp_path))

    assert done.returncode == 0
    assert "Kernels: " in done.stdout


def test_a_change_within_the_same_second_and_of_the_same_size_is_seen(project):
    path = project.root / "changing.ipynb"
    moment = (1_700_000_000, 1_700_000_000)
    os.utime(path, moment)
    project.git("update-index", "--refresh")
    os.utime(project.root / ".git" / "index", moment)
    path.write_text(path.read_text().replace("x = 1", "x = 2"))
    os.utime(path, moment)
    project.write("untracked.ipynb", ["y = 1"])

    plan = json.loads(project.nbci("plan", "--json").stdout)

    selected = [item["notebook"] for item in plan["selected"]]
    assert selected == ["changing.ipynb", "untracked.ipynb"]
