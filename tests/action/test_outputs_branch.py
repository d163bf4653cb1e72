"""Executed notebooks on a branch of the repository."""

import json
import re
from urllib.parse import unquote

import pytest
from building.rendered_markdown import Rendered

BRANCH = {"outputs-branch": "nbci-outputs"}
MAY_WRITE = {"contents": "write", "checks": "write", "pull_requests": "write"}


def links(world, markdown):
    """Return the files that links of some Markdown to the repository's branches lead to."""
    start = f"{world.github.server_url}/{world.repository.full_name}/blob/"
    found = [link for link in Rendered(markdown).links if link.startswith(start)]
    return {unquote(link.removeprefix(start)).split("/", 1)[1] for link in found}


@pytest.fixture(scope="module")
def kept(new_world):
    """A pull request whose executed notebooks are kept."""
    world = new_world(
        {}, {"a b.ipynb": ["print('seen')"], "fails.ipynb": ["1/0"]}, permissions=MAY_WRITE
    )
    world.result = world.run(BRANCH)
    return world


def test_executed_notebooks_lie_under_their_pull_request_and_commit(kept):
    files = kept.repository.files("nbci-outputs")

    folder = f"pr-1/{kept.head}/"
    notebooks = {path for path in files if path.startswith(folder)}
    assert len(notebooks) == 2
    assert set(files) == notebooks | {"README.md"}
    (path,) = [path for path in notebooks if "a-b" in path]
    assert json.loads(files[path])["cells"][0]["outputs"][0]["text"] in ("seen\n", ["seen\n"])


def test_comment_and_checks_link_to_files_that_are_there(kept):
    files = set(kept.repository.files("nbci-outputs")) - {"README.md"}

    assert links(kept, kept.living_comment.body) == files
    assert links(kept, kept.report.summary) == files
    assert links(kept, kept.checks()["a b.ipynb"].summary) < files


def test_two_reviews_at_once_both_land(new_world):
    world = new_world({"m.ipynb": ["1"]}, {"a.ipynb": ["1"]}, permissions=MAY_WRITE)
    schedule = world.on_main("schedule", world.repository.schedule_event())
    begun, others = [], []

    def interfere(request):
        """Have another review keep its notebooks just before this one makes the branch."""
        is_move = (request.method, request.path) == ("POST", "/repos/acme/films/git/refs")
        if is_move and not begun:
            begun.append(True)
            others.append(world.run(BRANCH, **schedule))

    world.github.before_request(interfere)

    first = world.run(BRANCH)

    tops = {path.split("/")[0] for path in world.repository.files("nbci-outputs")}
    assert tops == {"README.md", "pr-1", "run-2"}
    assert [first.outcome, others[0].outcome] == ["success", "success"]


def test_a_branch_that_is_not_ours_is_left_alone(new_world):
    world = new_world({}, {"a.ipynb": ["1"]}, permissions=MAY_WRITE)
    before = world.repository.branch_sha("feature")

    result = world.run({"outputs-branch": "feature"})

    assert world.repository.branch_sha("feature") == before
    assert result.outcome == "success"
    (warning,) = result.annotated("warning")
    assert "is not one of nbci's outputs" in warning


def test_without_the_permission_the_review_ends_with_a_warning(world):
    result = world.run(BRANCH)

    assert result.outcome == "success"
    (warning,) = result.annotated("warning")
    assert "the executed notebooks are not on nbci-outputs" in warning
    assert "`contents: write`" in warning
    assert world.report.conclusion == "success"
    assert links(world, world.living_comment.body) == set()


def test_closing_the_pull_request_removes_them(new_world):
    world = new_world({}, {"a.ipynb": ["1"]}, permissions=MAY_WRITE)
    world.run(BRANCH)
    assert any(path.startswith("pr-1/") for path in world.repository.files("nbci-outputs"))
    world.pull.close()

    result = world.run(BRANCH, checkout=None, event=world.pull.event("closed"))

    assert result.outcome == "success"
    assert set(world.repository.files("nbci-outputs")) == {"README.md"}
    tip = world.repository.branch_sha("nbci-outputs")
    assert world.repository.store.commit(tip).parents == ()


def test_the_schedule_removes_those_of_closed_pull_requests_and_of_earlier_runs(new_world):
    world = new_world({"m.ipynb": ["1"]}, {"a.ipynb": ["1"]}, permissions=MAY_WRITE)
    schedule = world.on_main("schedule", world.repository.schedule_event())
    world.run(BRANCH)
    world.run(BRANCH, **schedule)

    world.run(BRANCH, **schedule)

    tops = {path.split("/")[0] for path in world.repository.files("nbci-outputs")}
    assert tops == {"README.md", "pr-1", "run-3"}
    world.pull.close()
    world.run(BRANCH, **schedule)
    tops = {path.split("/")[0] for path in world.repository.files("nbci-outputs")}
    assert {re.sub(r"\d+", "N", top) for top in tops} == {"README.md", "run-N"}
