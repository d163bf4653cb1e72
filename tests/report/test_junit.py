from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from junitparser import Error, Failure, JUnitXml
from junitparser import Skipped as SkippedCase

from bot.model import CellTiming, Conclusion, Outcome, RunOptions, Skipped
from bot.report.junit import junit_xml


def parsed(review):
    return JUnitXml.fromstring(junit_xml(review).encode())


def test_a_run_is_a_suite_and_a_code_cell_a_case(review, failing):
    [suite] = parsed(review(failing))

    assert suite.name == "reports/quarterly.ipynb"
    assert [case.name for case in suite] == ["cell 2", "cell 3"]
    assert (suite.tests, suite.failures, suite.errors, suite.time) == (2, 1, 0, 2.5)


def test_the_failing_cell_says_what_where_and_how(review, failing):
    element = ElementTree.fromstring(junit_xml(review(failing))).findall(".//testcase")[1]
    failure = element.find("failure")

    assert element.get("classname") == "reports.quarterly"
    assert (element.get("file"), element.get("line")) == ("reports/quarterly.ipynb", "118")
    assert (failure.get("type"), failure.get("message")) == ("KeyError", "KeyError: 'overseas'")
    assert "reports/quarterly.ipynb:118" in failure.text
    assert "> 2 | total = frame['overseas']" in failure.text
    assert "\x1b" not in failure.text


@pytest.mark.parametrize(
    "outcome", [Outcome.REJECTED, Outcome.LOST, Outcome.DIED, Outcome.CANCELLED]
)
def test_what_no_cell_is_to_blame_for_is_an_error_of_the_notebook(review, run, outcome):
    [suite] = parsed(review(run("a.ipynb", outcome, message="what happened")))
    [case] = suite

    assert case.name == "notebook"
    assert [type(result) for result in case.result] == [Error]
    assert case.result[0].message == "what happened"


def test_what_kept_a_review_from_beginning_is_an_error(troubled):
    [suite] = parsed(troubled)
    [case] = suite
    [error] = case.result

    assert (suite.tests, suite.errors) == (1, 1)
    assert (error.message, error.type) == ("600 notebooks, more than 500", "action_required")
    assert error.text == "\n".join(troubled.problem.details)


def test_nothing_is_wrong_where_there_was_nothing_to_do(troubled):
    problem = replace(troubled.problem, conclusion=Conclusion.NEUTRAL)

    [suite] = parsed(replace(troubled, problem=problem))

    assert (suite.tests, suite.errors, suite.failures, suite.skipped) == (1, 0, 0, 1)


def test_a_cell_that_never_ended_is_a_case_too(review, failing):
    result = replace(failing.result, outcome=Outcome.TIMED_OUT, cells=failing.result.cells[:1])

    [suite] = parsed(review(failing.ended(result)))

    assert [case.name for case in suite] == ["cell 2", "cell 3"]
    assert [type(result) for result in list(suite)[1].result] == [Failure]


def test_a_run_that_has_not_ended_is_no_success(review, run):
    [suite] = parsed(review(run("a.ipynb", None)))

    assert suite.errors == 1


def test_a_failure_that_is_allowed_turns_nothing_red(review, failing):
    [suite] = parsed(review(replace(failing, options=RunOptions(allow_failure=True))))

    assert (suite.failures, suite.errors, suite.skipped) == (0, 0, 1)


def test_a_notebook_without_code_is_one_passing_case(review, run):
    [suite] = parsed(review(run("a.ipynb", Outcome.PASSED)))

    assert [(case.name, case.is_passed) for case in suite] == [("notebook", True)]


def test_a_cell_skipped_by_its_tag_is_skipped(review, run):
    cells = (CellTiming(number=1, seconds=0, outcome=Outcome.SKIPPED),)

    [suite] = parsed(review(run("a.ipynb", Outcome.PASSED, cells=cells)))

    assert suite.skipped == 1


def test_a_skipped_notebook_says_why(review):
    skipped = Skipped(notebook="c.ipynb", reasons=("only outputs changed",))

    [suite] = parsed(review(skipped=(skipped,)))
    [case] = suite

    assert [type(result) for result in case.result] == [SkippedCase]
    assert case.result[0].message == "only outputs changed"


def test_runs_of_one_notebook_stay_apart(review, run):
    runs = [run("a.ipynb", Outcome.PASSED, parameters={"n": n}) for n in (1, 2)]

    assert [suite.name for suite in parsed(review(*runs))] == ["a.ipynb [n=1]", "a.ipynb [n=2]"]


def test_it_is_well_formed_whatever_is_in_it(hostile):
    root = ElementTree.fromstring(junit_xml(hostile).encode("utf-8"))

    assert {element.tag for element in root.iter()} == {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "skipped",
        "system-err",
    }  # fmt: skip
