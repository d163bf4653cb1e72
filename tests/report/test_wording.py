from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import CellError, Conclusion, Outcome, Problem, RunOptions, Skipped
from bot.report.wording import clipped, error_line, headline, run_label

PASSED, FAILED, DIED = Outcome.PASSED, Outcome.FAILED, Outcome.DIED


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        ([PASSED], "1 notebook passed"),
        ([PASSED, PASSED], "All 2 notebooks passed"),
        ([FAILED, PASSED], "1 of 2 notebooks failed"),
        ([Outcome.LOST, PASSED], "1 of 2 notebooks was lost"),
        ([FAILED, DIED, FAILED, PASSED], "3 of 4 notebooks did not pass: 2 failed, 1 died"),
        ([PASSED, Outcome.SKIPPED], "1 of 2 notebooks passed (1 skipped)"),
        ([PASSED, None], "1 of 2 notebooks done"),
        ([FAILED, PASSED, DIED, None], "3 of 4 notebooks done, 1 failed, 1 died"),
        ([], "No notebook to run"),
    ],
)
def test_the_headline_says_how_it_went(review, run, outcomes, text):
    runs = [run(f"{number}.ipynb", outcome) for number, outcome in enumerate(outcomes)]

    assert headline(review(*runs)) == text


def test_the_headline_counts_runs_where_a_notebook_has_several(review, run):
    runs = [run("a.ipynb", PASSED, parameters={"n": n}) for n in (1, 2)]

    assert headline(review(*runs)) == "All 2 runs passed"


def test_the_headline_tells_what_was_allowed_and_skipped(review, run):
    allowed = run("a.ipynb", FAILED, options=RunOptions(allow_failure=True))
    skipped = Skipped(notebook="c.ipynb", reasons=("only outputs changed",))

    text = headline(review(allowed, run("b.ipynb", PASSED), skipped=(skipped,)))

    assert text == "1 of 2 notebooks passed (1 failure allowed, 1 skipped)"


def test_a_cancelled_review_says_why(review, run):
    text = headline(review(run("a.ipynb", Outcome.CANCELLED), cancelled="interrupted"))

    assert text == "Cancelled: interrupted, 0 of 1 notebook passed"


def test_a_review_cancelled_before_its_plan_says_only_why(review):
    assert headline(review(cancelled="superseded")) == "Cancelled: superseded"


def test_before_its_plan_a_review_says_what_is_going_on(review):
    assert headline(replace(review(), planned=False)) == "Finding out which notebooks to run"


def test_a_problem_is_the_headline_on_one_line(review):
    problem = Problem(conclusion=Conclusion.FAILURE, title="too\nmany")

    assert headline(review(problem=problem)) == "too\\nmany"


def test_an_error_is_told_in_its_first_line_without_colours():
    error = CellError(number=1, ename="ValueError", evalue="\x1b[31mbad\x1b[0m value\nmore")

    assert error_line(error) == "ValueError: bad value"


def test_an_error_without_text_is_its_name():
    assert error_line(CellError(number=1, ename="KeyboardInterrupt", evalue="")) == (
        "KeyboardInterrupt"
    )


def test_a_long_error_is_shortened():
    assert len(error_line(CellError(number=1, ename="E", evalue="x" * 10**6))) <= 300


def test_a_name_cannot_hide_or_reverse_what_follows(run):
    assert run_label(run("a\n\u202e.ipynb", PASSED)) == "a\\n\\u202e.ipynb"


def test_parameters_are_part_of_the_name(run):
    assert (
        run_label(run("a.ipynb", PASSED, parameters={"n": 1, "s": "x"})) == "a.ipynb [n=1, s='x']"
    )


@pytest.mark.parametrize("longest", [3, 10, 99])
def test_clipped_text_is_never_longer(longest):
    assert len(clipped("some text of thirty characters", longest)) <= longest


def test_what_failed_before_a_cancellation_is_counted(review, run):
    runs = [run("a.ipynb", Outcome.FAILED), run("b.ipynb", Outcome.CANCELLED)]

    text = headline(review(*runs, cancelled="superseded"))

    assert text == "Cancelled: superseded, 0 of 2 notebooks passed, 1 failed"


def test_a_review_that_was_cut_short_is_cancelled_whatever_had_failed(review, run):
    cut = review(run("a.ipynb", Outcome.FAILED), run("b.ipynb", Outcome.CANCELLED), cancelled="x")
    ended = review(run("a.ipynb", Outcome.FAILED), cancelled="x")

    assert (cut.conclusion, ended.conclusion) == (Conclusion.CANCELLED, Conclusion.FAILURE)
