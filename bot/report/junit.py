"""A review as JUnit XML, as GitLab, Azure DevOps, Jenkins and GitHub's report actions read it.

Import it only where somebody asked for JUnit: its library takes 40 ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from junitparser import Attr, Error, Failure, IntAttr, JUnitXml, TestCase, TestSuite
from junitparser import Skipped as SkippedCase
from junitparser.junitparser import FinalResult

from bot.model import CellTiming, Conclusion, Outcome, Problem, Review, Run, Skipped
from bot.report.failures import excerpt_text, outcome_words, traceback_of, what_happened
from bot.report.plain import plain_block
from bot.report.wording import headline, place, run_label

# XML 1.0, 2.2: https://www.w3.org/TR/xml/#charsets
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class CellCase(TestCase):
    """A test case that says where it stands, as pytest's do."""

    file = Attr()
    line = IntAttr()


def junit_xml(review: Review) -> str:
    """Return *review* as JUnit XML: one suite for each run, one case for each code cell.

    What keeps a run from passing without a cell being to blame (rejected, lost) is a case of its
    own that ends in an error, and so is what kept the whole review from beginning. A failure that
    the configuration allows counts as skipped, so that it turns nobody's build red.
    """
    report = JUnitXml(_legal(headline(review)))
    if review.problem:
        report.append(_problem_suite(review.problem))
    report.extend([_suite(run) for run in review.runs])
    report.extend([_skipped_suite(skipped) for skipped in review.skipped])
    report.update_statistics()
    return str(report.tostring().decode("utf-8"))


def _problem_suite(problem: Problem) -> TestSuite:
    """Return why nothing was run as a suite of one case, an error unless nothing is wrong."""
    suite = TestSuite("nbci")
    case = _case("nbci", "review")
    if problem.conclusion in (Conclusion.NEUTRAL, Conclusion.SKIPPED, Conclusion.SUCCESS):
        case.result = SkippedCase(_legal(problem.title))
    else:
        error = Error(_legal(problem.title), problem.conclusion.value)
        error.text = _legal("\n".join(problem.details))
        case.result = error
    suite.add_testcase(case)
    return suite


def _suite(run: Run) -> TestSuite:
    suite = TestSuite(_legal(run_label(run)))
    for name, value in _properties(run):
        suite.add_property(_legal(name), _legal(value))
    suite.add_testcases(list(_cases(run)))
    return suite


def _skipped_suite(skipped: Skipped) -> TestSuite:
    suite = TestSuite(_legal(skipped.notebook))
    case = _case(skipped.notebook, "notebook")
    case.result = SkippedCase(_legal("; ".join(skipped.reasons)))
    suite.add_testcase(case)
    return suite


def _properties(run: Run) -> Iterator[tuple[str, str]]:
    yield "notebook", run.notebook
    yield "run_id", run.run_id
    yield "attempt", str(run.attempt)
    yield "outcome", run.outcome.value if run.outcome else "unfinished"
    for reason in run.reasons:
        yield "reason", reason
    for name, value in run.parameters.items():
        yield f"parameter {name}", repr(value)


def _cases(run: Run) -> Iterator[CellCase]:
    cells = run.result.cells if run.result else ()
    blamed = _blamed_cell(run)
    for cell in cells:
        yield _problem_case(run, cell.seconds) if cell.number == blamed else _good_case(run, cell)
    passed = run.outcome is not None and run.outcome.is_good
    if not passed and blamed not in [cell.number for cell in cells]:
        yield _problem_case(run)
    elif not cells:
        yield _empty_case(run)


def _blamed_cell(run: Run) -> int | None:
    if run.result is None or run.result.outcome.is_good or run.result.failing_cell is None:
        return None
    return run.result.failing_cell.number


def _good_case(run: Run, cell: CellTiming) -> CellCase:
    case = _case(run.notebook, f"cell {cell.number}", cell.seconds)
    if cell.outcome is Outcome.SKIPPED:
        case.result = SkippedCase("a tag of the cell says not to run it")
    return case


def _empty_case(run: Run) -> CellCase:
    """Return the case of a run that is good without having run a cell."""
    case = _case(run.notebook, "notebook")
    if run.outcome is Outcome.SKIPPED and run.result:
        case.result = SkippedCase(_legal(run.result.message))
    return case


def _problem_case(run: Run, seconds: float = 0.0) -> CellCase:
    blamed = _blamed_cell(run)
    case = _case(run.notebook, f"cell {blamed}" if blamed else "notebook", seconds)
    case.result = _problem(run)
    error = run.result.failing_cell if run.result else None
    if error and error.line:
        case.line = error.line
    if run.result and run.result.log:
        case.system_err = _legal(plain_block(run.result.log))
    return case


def _problem(run: Run) -> FinalResult:
    message = what_happened(run) or outcome_words(run)
    error = run.result.failing_cell if run.result else None
    kind = error.ename if error and error.ename else str(run.outcome or "unfinished")
    if run.is_excused:
        return SkippedCase(_legal(f"allowed to fail: {message}"))
    result_class = Failure if run.outcome in (Outcome.FAILED, Outcome.TIMED_OUT) else Error
    problem = result_class(_legal(message), _legal(kind))
    problem.text = _legal(_details(run))
    return problem


def _details(run: Run) -> str:
    result = run.result
    if result is None:
        return "The run has not ended."
    error = result.failing_cell
    where = (place(run, error), excerpt_text(error)) if error else ()
    parts = (result.message, *where, plain_block(traceback_of(result)))
    return "\n\n".join(part for part in parts if part)


def _case(notebook: str, name: str, seconds: float = 0.0) -> CellCase:
    case = CellCase(name, _class_name(notebook), round(seconds, 3))
    case.file = _legal(notebook)
    return case


def _class_name(notebook: str) -> str:
    """Return the path as a dotted name, which Jenkins takes apart into a tree of packages."""
    return _legal(re.sub(r"\.\w+$", "", notebook).replace(".", "_").replace("/", "."))


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
