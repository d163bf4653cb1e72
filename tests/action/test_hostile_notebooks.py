"""Nothing in a notebook's name, outputs or errors is obeyed by the runner or alive on GitHub."""

import os

import pytest
from building.notebooks import code
from building.rendered_markdown import assert_inert
from building.worlds import READ_ONLY

NAMES = [
    "::error::boo.ipynb",
    "::set-output name=passed::99.ipynb",
    "two\n::error::lines.ipynb",
    "escaped%0A::error::boo.ipynb",
    "\"quoted\" 'both' `ways`.ipynb",
    "right\u202eto left.ipynb",
    "##[error]boo.ipynb",
    "$(touch pwned) ;| @octocat.ipynb",
    os.fsdecode(b"not utf-8 \xff.ipynb"),
]
COMMANDS = """\
::set-output name=conclusion::success
::set-output name=artifact::/etc
::add-mask::notebook
::stop-commands::mine
::error file=a.ipynb,line=1::forged
::warning::forged
::endgroup::
##[error]forged
##[endgroup]
##[add-mask]notebook
::set-env name=PATH::/tmp
::add-path::/tmp
"""
CELL = f"""\
import os, sys
for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE"):
    if name in os.environ:
        open(os.environ[name], "a").write("conclusion=success\\n")
text = {COMMANDS!r}
print(text)
print(text, file=sys.stderr)
os.write(1, text.encode())
os.write(2, text.encode())
raise RuntimeError(text + "\\x1b[31m" + text)
"""


@pytest.fixture(scope="module", params=["may write", "may only read"])
def attacked(new_world, request):
    """A job over notebooks that try to command the runner; every one of them fails."""
    permissions = READ_ONLY if request.param == "may only read" else None
    world = new_world({}, {name: [CELL] for name in NAMES}, permissions=permissions)
    world.result = world.run({"jobs": "3"}, variables={"KEPT": "as it was"})
    return world


def test_every_notebook_ran_and_failed(attacked):
    outputs = attacked.result.outputs

    assert attacked.result.outcome == "failure"
    assert outputs["conclusion"] == "failure"
    assert outputs["failed"] == str(len(NAMES))
    assert outputs["artifact"].startswith("nbci-report-nbci")


def test_no_command_of_a_notebook_is_obeyed(attacked):
    result = attacked.result

    assert result.forbidden == []
    assert [note for note in result.annotations if note.message.startswith("forged")] == []
    assert result.annotated("warning") == []
    assert result.environment == {"KEPT": "as it was"}
    assert "notebooks failed" in result.log  # no mask of the notebook's hides the word


def test_errors_are_annotated_on_their_notebooks_and_nothing_else(attacked):
    files = [note.properties.get("file") for note in attacked.result.annotations]

    *annotated, last = files
    assert last is None  # the runner's own: the step has failed
    sayable = [name for name in NAMES if "\udcff" not in name]
    assert set(annotated) <= set(sayable)
    if attacked.conclusions():
        assert annotated == []
    else:
        assert sorted(annotated) == sorted(sayable)


def test_the_artifact_could_be_stored(attacked):
    (folder,) = attacked.result.artifacts.values()

    assert len(list((folder / "notebooks").glob("*.ipynb"))) == len(NAMES)


def test_what_github_shows_is_inert(attacked):
    checks = attacked.checks().values()
    pages = [attacked.result.summary, *(check.summary for check in checks)]
    pages += [comment.body for comment in attacked.repository.comments(attacked.pull)]

    for page in pages:
        rendered = assert_inert(
            page, links={f"{attacked.github.server_url}/acme/films/actions/runs/1"}
        )
        assert "pwned" not in rendered.prose


def test_nothing_was_executed_of_a_name(attacked):
    assert not (attacked.machine.workspace / "pwned").exists()


def test_a_name_can_be_given_as_input(new_world):
    world = new_world({}, {"::error::boo.ipynb": [code("1")], "a b.ipynb": ["2"], "c.ipynb": ["3"]})

    result = world.run({"notebooks": "::error::boo.ipynb\n\n  a b.ipynb  "})

    assert result.outcome == "success"
    assert result.annotations == []
    assert set(world.checks()) == {"nbci report", "::error::boo.ipynb", "a b.ipynb"}
