from __future__ import annotations

from dataclasses import replace

import pytest
from building.rendered_markdown import Rendered, assert_inert
from hypothesis import given
from hypothesis import strategies as st

from bot.model import (
    CellError,
    Conclusion,
    Outcome,
    Problem,
    Review,
    ReviewRequest,
    Run,
    RunResult,
    RunState,
    Skipped,
)
from bot.report.markdown import summary_markdown


def test_the_title_says_it_all(review, failing, run):
    markdown = summary_markdown(review(failing, run("a.ipynb", Outcome.PASSED)))

    assert markdown.startswith("## ✗ 1 of 2 notebooks failed\n")


def test_a_table_tells_of_every_run(review, failing):
    page = Rendered(summary_markdown(review(failing)))

    assert "reports/quarterly.ipynb" in page.code
    assert "KeyError: 'overseas'" in page.code
    assert "src/metrics.py" in page.code
    for words in ("failed in cell 3", "1/4", "12.3\N{NO-BREAK SPACE}s", "imports "):
        assert words in page.prose


def test_a_failure_shows_its_source_and_traceback(review, failing):
    page = Rendered(summary_markdown(review(failing)))

    assert "reports/quarterly.ipynb:118" in page.code
    assert any("> 2 | total = frame['overseas']" in code for code in page.code)
    assert "KeyError Traceback\nKeyError: 'overseas'\n" in page.code


def test_the_executed_notebook_is_linked(review, failing):
    markdown = summary_markdown(review(failing), link=lambda run: "notebooks/a (1).html#cell-3")

    assert Rendered(markdown).links == ["notebooks/a%20%281%29.html#cell-3"] * 2


def test_skipped_notebooks_are_listed_with_their_reasons(review):
    skipped = Skipped(notebook="c.ipynb", reasons=("only outputs changed",))

    page = Rendered(summary_markdown(review(skipped=(skipped,))))

    assert "c.ipynb" in page.code
    assert "only outputs changed" in page.prose


def test_nothing_foreign_becomes_alive(hostile):
    assert_inert(summary_markdown(hostile))


def test_a_table_row_holds_as_many_cells_as_its_head(hostile, review, failing):
    page = Rendered(summary_markdown(review(*hostile.runs, failing)))

    assert (page.tags.count("th"), page.tags.count("td")) == (5, 10)


@given(st.text(alphabet="`|\\<>@#a1.:$w \n*_-+=[]()!&\u202e\udcff~", max_size=30))
def test_no_text_becomes_alive(text):
    error = CellError(number=1, ename="E", evalue=text, source=text, traceback=(text,))
    run = Run(
        run_id="r",
        notebook=text,
        reasons=(text,),
        state=RunState.ENDED,
        result=RunResult(outcome=Outcome.FAILED, message=text, failing_cell=error),
    )
    request = ReviewRequest(repository="r", base=text, head=text, merge=text)

    page = assert_inert(summary_markdown(Review(request=request, runs=(run,), planned=True)))

    assert page.tags.count("td") == 5
    assert page.tags.count("details") == 1


def many_failures(failing, number):
    error = replace(
        failing.result.failing_cell,
        traceback=tuple(f"line {line} `é😀` ``````" for line in range(400)),
    )
    result = replace(failing.result, failing_cell=error)
    return [
        replace(failing.ended(result), run_id=str(index), notebook=f"ordner/ü😀{index}.ipynb")
        for index in range(number)
    ]


@pytest.mark.parametrize("limit", [1_000, 1_001, 2_000, 5_003, 20_000, 65_535, 1_000_000])
def test_it_never_exceeds_its_limit_and_leaves_nothing_open(review, failing, limit):
    skipped = tuple(Skipped(notebook=f"{n}.ipynb", reasons=("é" * 99,)) for n in range(300))

    markdown = summary_markdown(review(*many_failures(failing, 40), skipped=skipped), limit=limit)

    assert len(markdown.encode()) <= limit
    assert markdown.count("<details") == markdown.count("</details>")
    assert_inert(markdown)


def test_what_is_left_out_is_counted(review, failing):
    markdown = summary_markdown(review(*many_failures(failing, 40)), limit=20_000)

    shown = markdown.count("<details")
    assert 0 < shown < 40
    assert f"{40 - shown} more failures not shown here." in markdown


def test_of_a_long_traceback_the_end_is_kept(review, failing):
    markdown = summary_markdown(review(*many_failures(failing, 1)), limit=5_000)

    assert "line 399 " in markdown
    assert "line 3 " not in markdown


def test_a_failure_that_leaves_no_room_does_not_hide_the_others(review, run, failing):
    error = replace(failing.result.failing_cell, traceback=("`" * 100_000,), source="`" * 500)
    hostile = replace(
        failing.ended(replace(failing.result, failing_cell=error, log="`" * 10**6)), run_id="h"
    )

    markdown = summary_markdown(review(hostile, failing), limit=65_535)

    assert markdown.count("<details") == 2
    assert_inert(markdown)


def test_a_problem_is_told_with_what_to_do(review):
    problem = Problem(
        conclusion=Conclusion.FAILURE,
        title="The configuration has a mistake",
        details=(".github/nbci.yml:3: unknown key `excluded`; did you mean `exclude`?", "@a b"),
    )

    markdown = summary_markdown(review(problem=problem))

    page = assert_inert(markdown)
    assert markdown.startswith("## ✗ The configuration has a mistake\n")
    assert page.code[-4:] == [".github/nbci.yml:3", "excluded", "exclude", "@a b"]
    assert "did you mean" in page.prose


def test_which_commit_was_run_is_said(review, run):
    value = review(run("a.ipynb", Outcome.PASSED))
    merged = replace(value, request=replace(value.request, merge="c" * 40))

    page = Rendered(summary_markdown(merged))

    assert page.code[:3] == ["b" * 10, "a" * 10, "c" * 10]
    assert (
        "The files that ran are those of , by default the head merged into its base." in page.prose
    )


def test_the_worst_come_first(review, run):
    runs = [run("good.ipynb", Outcome.PASSED), run("bad.ipynb", Outcome.DIED)]

    markdown = summary_markdown(review(*runs))

    assert markdown.index("bad.ipynb") < markdown.index("good.ipynb")
