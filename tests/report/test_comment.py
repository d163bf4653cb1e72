from __future__ import annotations

import json
from dataclasses import replace

import pytest
from building.rendered_markdown import Rendered, assert_inert
from hypothesis import given
from hypothesis import strategies as st

from bot.model import (
    Conclusion,
    Outcome,
    Problem,
    Progress,
    Review,
    ReviewRequest,
    RunState,
    Skipped,
)
from bot.report.comment import MARKER, abandoned_comment, comment_markdown, is_ours
from bot.report.pages import Pages

HOST = "https://github.com/acme/models/actions/runs"
LIMIT = 65_536


def comment(review, *, started=1000.0, previous=None, report=f"{HOST}/1", commands=True):
    return comment_markdown(
        review,
        started=started,
        pages=Pages(report=report),
        previous=previous,
        commands=commands,
    )


def at_head(review, letter):
    return replace(review, request=replace(review.request, head=letter * 40))


def state_of(body):
    return json.loads(body.split("\n")[0].removeprefix(MARKER).removesuffix("-->"))


def with_state(**changes):
    """A comment as somebody may have edited it."""
    state = {
        "format": 1,
        "head": "a" * 40,
        "started": 1.0,
        "title": "All 7 notebooks passed",
        "conclusion": "success",
        "url": f"{HOST}/0",
        "earlier": [],
    }
    return f"{MARKER} {json.dumps({**state, **changes})} -->\n\nwhatever stood here"


def earlier_part(body):
    return body.partition("<summary>Earlier results</summary>")[2].partition("</details>")[0]


@pytest.fixture
def passed(review, run):
    return review(run("a.ipynb", Outcome.PASSED), run("b.ipynb", Outcome.PASSED))


def test_it_begins_with_our_marker_and_then_the_verdict(passed):
    body = comment(passed)

    assert is_ours(body)
    assert body.split("\n")[1:5] == [
        "",
        "### ✓ All 2 notebooks passed",
        "",
        "nbci ran the Jupyter notebooks that this change affects. Commit `bbbbbbbbbb`, compared"
        f" with `aaaaaaaaaa`. [Full report](<{HOST}/1>).",
    ]


@pytest.mark.parametrize("body", ["", "thanks!", " <!-- nbci", "> <!-- nbci"])
def test_what_begins_otherwise_is_not_ours(body):
    assert not is_ours(body)


def test_the_first_failure_is_open_and_the_others_are_folded(review, run, failing):
    other = replace(failing, run_id="2", notebook="other.ipynb")

    body = comment(review(run("a.ipynb", Outcome.PASSED), failing, other))

    assert body.count("<details open>") == 1
    assert body.count("<details>") == 1
    assert body.index("<details open>") < body.index("> 2 | total = frame")


def test_while_it_goes_on_it_says_what_is_done(review, run):
    going = run("b.ipynb", None, progress=Progress(cells_done=1, cells_total=4, cell=2))
    value = review(run("a.ipynb", Outcome.PASSED), replace(going, state=RunState.RUNNING))

    page = Rendered(comment(value))

    for words in ("1 of 2 notebooks done", "updated as results arrive", "running cell 2", "1/4"):
        assert words in page.prose
    assert "/nbci cancel" in page.code


@pytest.mark.parametrize(
    ("outcome", "command"), [(Outcome.FAILED, "/nbci run failed"), (Outcome.PASSED, "/nbci run")]
)
def test_it_tells_which_command_runs_again(review, run, outcome, command):
    value = review(run("a.ipynb", outcome))

    assert Rendered(comment(value)).code[-2:] == [command, "/nbci help"]
    assert "/nbci" not in comment(value, commands=False)


def test_of_very_many_notebooks_fifty_are_shown(review, run):
    body = comment(review(*(run(f"{n}.ipynb", Outcome.PASSED) for n in range(300))))

    assert Rendered(body).tags.count("tr") == 51
    assert f"250 more notebooks not shown; all of them are in [the report](<{HOST}/1>)." in body


def test_a_problem_is_told_with_what_to_do(review):
    problem = Problem(
        conclusion=Conclusion.ACTION_REQUIRED,
        title="5000 notebooks, more than 500",
        details=("Choose which to run: comment `/nbci run folder/`.",),
    )

    body = comment(review(problem=problem))

    assert "### ! 5000 notebooks, more than 500\n" in body
    assert "- Choose which to run: comment `/nbci run folder/`.\n" in body
    assert state_of(body)["conclusion"] == "action_required"


def test_what_was_told_of_another_head_is_kept_as_an_earlier_result(passed, review, failing):
    first = comment(at_head(review(failing), "c"), started=1.0, report=f"{HOST}/7")

    body = comment(passed, started=2.0, previous=first)

    page = Rendered(body)
    assert "cccccccccc" in page.code
    assert "✗ : 1 of 1 notebook failed (report)" in page.prose
    assert f"{HOST}/7" in page.links
    assert "1 of 1 notebook failed" not in body.partition("<details")[0].partition("\n")[2]


def test_a_review_replaces_what_it_said_before(passed, review, failing):
    first = comment(at_head(review(failing), "c"), started=1.0)
    second = comment(review(failing), started=2.0, previous=first)

    body = comment(passed, started=2.0, previous=second)

    assert earlier_part(body) == earlier_part(second)
    assert earlier_part(body).count("- ✗") == 1


def test_another_review_of_the_same_head_keeps_what_the_first_one_found(passed, review, failing):
    first = comment(review(failing), started=1.0)

    body = comment(passed, started=2.0, previous=first)

    assert "1 of 1 notebook failed" in earlier_part(body)


def test_a_comment_that_nobody_works_on_any_more_says_so(review, run):
    body = comment(review(run("a.ipynb", None)))

    told = abandoned_comment(body, report=f"{HOST}/1")

    assert "### ⊘ Cancelled" in told
    assert '"conclusion":"cancelled"' in told
    assert_inert(told, {f"{HOST}/1"})


def test_a_comment_of_another_run_or_of_an_end_is_left_as_it_is(review, run, passed):
    running, ended = comment(review(run("a.ipynb", None))), comment(passed)

    assert abandoned_comment(running, report=f"{HOST}/2") is None
    assert abandoned_comment(ended, report=f"{HOST}/1") is None
    assert abandoned_comment(None, report=f"{HOST}/1") is None


def test_of_the_same_head_a_review_that_never_ended_is_forgotten(passed, review, run):
    first = comment(review(run("a.ipynb", None)), started=1.0)

    body = comment(passed, started=2.0, previous=first)

    assert earlier_part(body) == ""


def test_a_review_that_never_ended_is_not_said_to_have_failed(passed, review, run):
    first = comment(at_head(review(run("a.ipynb", None)), "c"), started=1.0)

    body = comment(passed, started=2.0, previous=first)

    assert "… `cccccccccc`: not finished, 0 of 1 notebook done" in earlier_part(body)


def test_an_older_review_does_not_undo_a_newer_one(passed):
    newer = comment(at_head(passed, "c"), started=20.0)

    assert comment(passed, started=10.0, previous=newer) is None
    assert comment(at_head(passed, "c"), started=10.0, previous=newer) is None
    assert comment(passed, started=20.0, previous=newer) is not None


def test_the_newest_ten_earlier_results_are_kept_each_head_once(passed):
    body = None
    for number in range(40):
        head = f"{number % 20:040x}"
        value = replace(passed, request=replace(passed.request, head=head))
        body = comment(value, started=float(number), previous=body)

    kept = [int(entry["head"], 16) for entry in state_of(body)["earlier"]]
    assert kept == list(range(18, 8, -1))
    assert earlier_part(body).count("\n- ") == 10


def test_a_comment_edited_on_the_web_is_still_understood(passed):
    first = comment(at_head(passed, "c"), started=1.0).replace("\n", "\r\n")

    assert "cccccccccc" in earlier_part(comment(passed, started=2.0, previous=first))


@pytest.mark.parametrize(
    "previous",
    [
        "",
        "no state at all",
        MARKER,
        f"{MARKER} -->",
        f"{MARKER} {{}} -->",
        f"{MARKER} [1] -->",
        f"{MARKER} {{{'[' * 9000} -->",
        with_state(format=2),
        with_state(started=float("nan")),
        with_state(started=float("inf")),
        with_state(started=-1),
        with_state(started="1"),
        with_state(started=None),
        with_state(started=10**400),
        with_state(started=4e9),
        with_state(head="@octo"),
        with_state(head=7),
        with_state(head="A" * 40),
        with_state(title=["a"]),
        with_state(conclusion="great"),
        with_state(conclusion=None),
        with_state().replace("-->", "->"),
    ],
)
def test_a_state_of_the_wrong_shape_is_forgotten(passed, previous):
    assert comment(passed, previous=previous) == comment(passed)


@pytest.mark.parametrize("earlier", [None, 7, "x", [7], [{}], [{"head": "x"}], {"a": 1}])
def test_earlier_results_of_the_wrong_shape_are_left_out(passed, earlier):
    body = comment(passed, previous=with_state(earlier=earlier))

    assert [entry["head"] for entry in state_of(body)["earlier"]] == ["a" * 40]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/acme",
        "http://github.com/acme",
        "https://github.com@evil.example/",
        "https://github.com.evil.example/",
        "https://github.com:8443/",
        "javascript:alert(1)",
        "https://github.com/>)![x](https://evil.example/x.png",
        "https://github.com/ x",
        f"https://github.com/{'x' * 600}",
        7,
        None,
    ],
)
def test_an_earlier_result_links_only_to_where_we_report(passed, url):
    page = assert_inert(comment(passed, previous=with_state(url=url)), {f"{HOST}/1"})

    assert page.prose.count("All 7 notebooks passed") == 1
    assert page.links == [f"{HOST}/1"]


def test_a_forgotten_report_does_not_lose_the_links_for_good(passed):
    without = comment(passed, started=2.0, previous=with_state(), report=None)

    body = comment(passed, started=3.0, previous=without)

    assert f"{HOST}/0" not in Rendered(without).links
    assert f"{HOST}/0" in Rendered(body).links


@given(st.text(alphabet="`|\\<>@#a1.:$w-! \n*_[]()&\u202e\udcff\ud800~😀", max_size=150))
def test_no_earlier_title_becomes_alive(title):
    request = ReviewRequest(repository="r", head="b" * 40)
    review = Review(request=request, planned=True)
    listed = [{"head": "d" * 40, "title": title, "conclusion": "failure", "url": None}]

    once = comment(review, previous=with_state(title=title, earlier=listed))
    again = comment(review, started=1001.0, previous=once)

    for body in (once, again):
        page = assert_inert(body, {f"{HOST}/0", f"{HOST}/1"})
        assert len(page.comments) == 1
        assert page.tags.count("li") == (2 if body is once else 3)
    assert set(earlier_part(once).splitlines()) <= set(earlier_part(again).splitlines())


@given(st.text(max_size=200))
def test_any_title_is_remembered_without_harm(title):
    problem = Problem(conclusion=Conclusion.FAILURE, title=title)
    request = ReviewRequest(repository="r", head="b" * 40)
    review = Review(request=request, problem=problem)

    first = comment(review)
    body = comment(at_head(review, "c"), started=1001.0, previous=first)

    assert len(first.split("\n")[0]) == len(first.split("\n")[0].encode("ascii"))
    assert len(Rendered(body).comments) == 1
    assert [entry["head"] for entry in state_of(body)["earlier"]] == ["b" * 40]


def test_nothing_foreign_becomes_alive(hostile):
    body = comment(replace(hostile, cancelled=None))

    page = assert_inert(body, {f"{HOST}/1"})
    assert len(page.comments) == 1


@pytest.mark.parametrize("unit", ["é", "😀", "`", "\udcff", "|", "\n", "-->", '"'])
@pytest.mark.parametrize("size", [10, 295, 3_990, 65_500])
def test_the_limit_is_not_exceeded_whatever_the_text(review, failing, unit, size):
    text = (unit * size)[:65_500]
    error = replace(
        failing.result.failing_cell, ename=text, evalue=text, source=text, traceback=(text,) * 3
    )
    result = replace(failing.result, failing_cell=error, log=text, message=text)
    run = replace(failing.ended(result), notebook=text[:4000], reasons=(text,) * 4)
    skipped = Skipped(notebook=text[:4000], reasons=(text,))
    value = review(*(replace(run, run_id=str(n)) for n in range(60)), skipped=(skipped,) * 60)
    problem = Problem(conclusion=Conclusion.FAILURE, title=text, details=(text,) * 200)
    body = None
    for number in range(12):
        trouble = at_head(replace(value, problem=problem), f"{number:x}")
        body = comment(trouble, started=float(number), previous=body, report=f"{HOST}/{'x' * 400}")
        assert len(body.encode()) <= LIMIT

    last = comment(value, previous=body)

    assert len(last.encode()) <= LIMIT
    assert_inert(last, {f"{HOST}/1"}.union(Rendered(body).links))
    assert Rendered(last).tags.count("details") > 2
