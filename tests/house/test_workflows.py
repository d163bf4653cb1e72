"""action.yml, the workflows to copy, ours and those in the documents: valid, safe and explained."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.actions.runner import OWN_ACTION, Runner
from fakes.actions.yaml_files import load_yaml
from tools.actionlint.lint import findings

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
ACTION = ROOT / "action.yml"
TO_COPY = sorted((ROOT / "workflows").glob("*.yml"))
WORKFLOWS = [*TO_COPY, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def workflows_in(document):
    """Return the text of each workflow that a document shows."""
    blocks = re.findall(r"^```ya?ml\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)
    return [block for block in blocks if re.search(r"^jobs:", block, re.MULTILINE)]


SHOWN = {
    f"{document.stem}-{number}.yml": text
    for document in DOCUMENTS
    for number, text in enumerate(workflows_in(document), 1)
}
TEXTS = {str(path.relative_to(ROOT)): path.read_text() for path in WORKFLOWS} | SHOWN
EVERYTHING = TEXTS | {"action.yml": ACTION.read_text()}
each_workflow = pytest.mark.parametrize("name", TEXTS)
each_to_copy = pytest.mark.parametrize("path", TO_COPY, ids=lambda path: path.name)


@pytest.fixture
def workflows(tmp_path):
    """The files of all workflows, those in documents written out."""
    for name, text in SHOWN.items():
        (tmp_path / name).write_text(text)
    return [*WORKFLOWS, *(tmp_path / name for name in SHOWN)]


def call(program, *arguments):
    command = [str(PROGRAMS / program), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def zizmor(*files):
    return call("zizmor", "--offline", "--strict-collection", "--no-progress", *files)


def steps_of(text):
    """Return all steps of a workflow or an action."""
    parsed = load_yaml(text)
    if "runs" in parsed:
        return parsed["runs"]["steps"]
    return [step for job in parsed["jobs"].values() for step in job["steps"]]


def test_the_action_is_valid():
    checked = call("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)

    assert checked.returncode == 0, checked.stdout


def test_the_workflows_are_valid(workflows):
    checked = call("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)

    assert checked.returncode == 0, checked.stdout


def test_zizmor_finds_nothing(workflows):
    audited = zizmor(ACTION, *workflows)

    assert audited.returncode == 0, audited.stdout
    assert audited.stderr.count("completed") == 1 + len(workflows)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("runs:\n", "runs: [\n"),
        ("  steps:\n", "  step:\n"),
        ('run: bash "$GITHUB_ACTION_PATH/action/install.sh"', "run: echo ${{ inputs.notebooks }}"),
        ("actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "a/b@v7"),
    ],
    ids=["no YAML", "no steps", "an input in a script", "an action that is not pinned"],
)
def test_an_action_that_is_broken_or_unsafe_fails_the_gate(tmp_path, before, after):
    text = ACTION.read_text()
    (tmp_path / "action.yml").write_text(text.replace(before, after))

    audited = zizmor(tmp_path / "action.yml")

    assert before in text
    assert audited.returncode != 0


def test_actionlint_finds_nothing(workflows):
    assert findings(workflows) == []


def test_actionlint_finds_a_mistake(tmp_path):
    text = TO_COPY[0].read_text().replace("github.event.issue.number", "github.evnt.issue.number")
    (tmp_path / "mistaken.yml").write_text(text)

    (found,) = findings([tmp_path / "mistaken.yml"])

    assert 'property "evnt" is not defined' in found


def test_every_input_reaches_nbci_and_nothing_else_does():
    action = load_yaml(ACTION.read_text())
    (review,) = [step for step in action["runs"]["steps"] if step.get("id") == "review"]

    given = {name: value for name, value in review["env"].items() if "_INPUT_" in name}

    assert given == {
        f"NBCI_INPUT_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}"
        for name in action["inputs"]
    }
    assert review["run"] == 'exec "$NBCI_PYTHON" -P -E -s -m action.main'


def test_every_output_is_one_of_the_review():
    outputs = load_yaml(ACTION.read_text())["outputs"]

    assert {name: output["value"] for name, output in outputs.items()} == {
        name: f"${{{{ steps.review.outputs.{name} }}}}" for name in outputs
    }


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_readme_explains_every_input_and_output(kind):
    readme = (ROOT / "README.md").read_text()

    unexplained = [
        name for name in load_yaml(ACTION.read_text())[kind] if f"\n| `{name}` |" not in readme
    ]

    assert unexplained == []


@pytest.mark.parametrize("name", EVERYTHING)
def test_no_script_has_an_expression_in_it(name):
    scripts = [step["run"] for step in steps_of(EVERYTHING[name]) if "run" in step]

    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_action_that_is_used_is_pinned(name):
    used = {step["uses"] for step in steps_of(EVERYTHING[name]) if "uses" in step} - {"./"}

    assert [uses for uses in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", uses)] == []


@each_workflow
def test_no_workflow_gives_code_of_a_fork_a_token_that_can_write(name):
    triggers = load_yaml(TEXTS[name])["on"]

    assert not {"pull_request_target", "workflow_run"} & set(triggers)


@each_workflow
def test_every_job_names_what_it_needs_and_how_long_it_may_take(name):
    workflow = load_yaml(TEXTS[name])

    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert set(job["permissions"].values()) <= {"read", "write"}
        assert isinstance(job["timeout-minutes"], int)


@each_workflow
def test_no_checkout_leaves_the_token_behind(name):
    settings = [
        step.get("with", {})
        for step in steps_of(TEXTS[name])
        if step.get("uses", "").startswith("actions/checkout@")
    ]

    assert [given for given in settings if given != {"persist-credentials": False}] == []


@each_to_copy
def test_the_last_step_concludes_what_a_cancelled_job_left(path):
    last = steps_of(path.read_text())[-1]

    assert last["uses"].startswith(f"{OWN_ACTION}@")
    assert (last["if"], last["with"]) == ("cancelled()", {"mode": "clean-up"})


@each_to_copy
def test_our_action_is_named_the_same_everywhere(path):
    used = set(re.findall(rf"uses: ({OWN_ACTION}@.*)", path.read_text()))

    assert used == {f"{OWN_ACTION}@{'0' * 40} # v1"}


@each_to_copy
def test_every_permission_is_explained(path):
    granted = re.findall(r"^ {6}[a-z-]+: (?:read|write)\b.*", path.read_text(), re.MULTILINE)

    assert [line for line in granted if " # To " not in line] == []


def test_the_check_that_is_required_reports_on_every_pull_request():
    workflow = load_yaml((ROOT / "workflows" / "notebooks.yml").read_text())

    assert workflow["jobs"]["nbci"]["name"] == "nbci"
    assert workflow["on"]["pull_request"].keys() == {"types"}
    assert "merge_group" in workflow["on"]


def test_only_one_workflow_has_a_job_of_the_name_that_is_required():
    """Else a part that somebody ran by hand would turn a pull request green."""
    names = [load_yaml(path.read_text())["jobs"]["nbci"]["name"] for path in TO_COPY]

    assert names.count("nbci") == 1
    assert len(set(names)) == len(names)


def group_of(tmp_path, name, event_name, event, run_id=1):
    """Return the concurrency group that an event puts a run of a workflow in."""
    workflow = load_yaml((ROOT / "workflows" / name).read_text())
    runner = Runner(
        ROOT, tmp_path / "r", event_name, event, run_id=run_id, workflow=workflow["name"]
    )
    return runner.evaluate(workflow["concurrency"]["group"])


def comment(body, association="MEMBER"):
    return {
        "issue": {"number": 7, "pull_request": {}},
        "comment": {"body": body, "author_association": association},
    }


def test_a_newer_run_command_replaces_an_older_one(tmp_path):
    groups = {
        group_of(tmp_path, "commands.yml", "issue_comment", comment(body), run_id)
        for run_id, body in enumerate(["/nbci run", "/nbci run a.ipynb -p x=1"])
    }

    assert groups == {"Notebook commands-7-run"}


@pytest.mark.parametrize(
    "event",
    [
        comment("/nbci status"),
        comment("/nbci cancel"),
        comment("Did you try /nbci run?"),
        comment("> /nbci run"),
        comment("/nbci run", association="NONE"),
        comment("/nbci run", association="CONTRIBUTOR"),
    ],
    ids=lambda event: "-".join(event["comment"].values()),
)
def test_no_other_comment_stops_a_run(tmp_path, event):
    group = group_of(tmp_path, "commands.yml", "issue_comment", event, run_id=99)

    assert group == "Notebook commands-7-99"


def test_a_push_replaces_the_run_of_the_same_pull_request_only(tmp_path):
    groups = [
        group_of(tmp_path, "notebooks.yml", "pull_request", {"pull_request": {"number": number}})
        for number in (7, 7, 8)
    ]

    assert groups == ["Notebooks-7", "Notebooks-7", "Notebooks-8"]


@pytest.mark.parametrize(
    ("event", "runs"),
    [
        (comment("/nbci run"), True),
        (comment("looks good"), False),
        ({**comment("/nbci run"), "issue": {"number": 7}}, False),
    ],
    ids=["command", "talk", "an issue, not a pull request"],
)
def test_only_a_comment_that_may_be_a_command_costs_a_machine(tmp_path, event, runs):
    workflow = load_yaml((ROOT / "workflows" / "commands.yml").read_text())
    runner = Runner(ROOT, tmp_path / "r", "issue_comment", event)
    condition = workflow["jobs"]["nbci"]["if"]

    ran = runner.evaluate(f"${{{{ ({condition}) && 'runs' || 'skipped' }}}}")

    assert ran == ("runs" if runs else "skipped")
