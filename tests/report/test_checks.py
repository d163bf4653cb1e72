from __future__ import annotations

import json
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
    Progress,
    Review,
    ReviewRequest,
    Run,
    RunOptions,
    RunResult,
    RunState,
    Skipped,
)
from bot.report.check_run import CheckStatus
from bot.report.checks import notebook_check, review_id, summary_check
from bot.report.pages import Pages
from bot.report.standing import Standing, standing_after

REPORT = "https://github.com/acme/models/actions/runs/1"
LIMIT = 65_535
ALLOWED = RunOptions(allow_failure=True)


def summary(review, **options):
    defaults = {"name": "nbci", "pages": Pages(), "buttons": True, "per_notebook": True}
    return summary_check(review, **{**defaults, **options})


def check_of(review, run, **options):
    return notebook_check(review(run), run, **{"pages": Pages(), "buttons": True, **options})


def running(run, **progress):
    value = run("a.ipynb", None, progress=Progress(**progress))
    return replace(value, state=RunState.RUNNING)


def failed_at(failing, *, notebook="a.ipynb", options=None, **error):
    changed = replace(failing.result.failing_cell, **error)
    run = failing.ended(replace(failing.result, failing_cell=changed))
    return replace(run, notebook=notebook, options=options or run.options)


@pytest.mark.parametrize(
    ("outcome", "conclusion"),
    [
        (Outcome.PASSED, Conclusion.SUCCESS),
        (Outcome.FAILED, Conclusion.FAILURE),
        (Outcome.TIMED_OUT, Conclusion.TIMED_OUT),
        (Outcome.DIED, Conclusion.FAILURE),
        (Outcome.LOST, Conclusion.FAILURE),
        (Outcome.CANCELLED, Conclusion.CANCELLED),
        (Outcome.SKIPPED, Conclusion.SKIPPED),
        (Outcome.REJECTED, Conclusion.FAILURE),
    ],
)
def test_each_outcome_has_its_conclusion(review, run, outcome, conclusion):
    check = check_of(review, run("a.ipynb", outcome))

    assert (check.status, check.conclusion) == (CheckStatus.COMPLETED, conclusion)


@pytest.mark.parametrize("outcome", [Outcome.LOST, Outcome.REJECTED])
def test_what_was_not_run_is_not_excused(review, run, outcome):
    check = check_of(review, run("a.ipynb", outcome, options=ALLOWED))

    assert check.conclusion is Conclusion.FAILURE


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RunState.WAITING, CheckStatus.QUEUED),
        (RunState.SUBMITTED, CheckStatus.QUEUED),
        (RunState.RUNNING, CheckStatus.IN_PROGRESS),
    ],
)
def test_a_run_that_goes_on_has_no_conclusion(review, run, state, status):
    check = check_of(review, replace(run("a.ipynb", None), state=state))

    assert (check.status, check.conclusion, check.annotations) == (status, None, ())


def test_the_title_says_it_all(review, run, failing):
    passed = run("a.ipynb", Outcome.PASSED, seconds=12, cells_done=8, cells_total=8)
    died = failed_at(failing, ename="", evalue="", traceback=())
    died = died.ended(
        replace(died.result, outcome=Outcome.DIED, message="in cell 3: out of memory")
    )
    titles = [
        check_of(review, value).title
        for value in (
            passed,
            failing,
            replace(failing, options=ALLOWED),
            died,
            run("a.ipynb", Outcome.LOST, message="no room"),
            run("a.ipynb", Outcome.REJECTED, message="no such kernel"),
            running(run, cells_done=3, cells_total=8, cell=4),
            running(run),
            run("a.ipynb", None),
        )
    ]

    assert titles == [
        "passed in 12.0 s, 8 cells",
        "failed in cell 3: KeyError: 'overseas'",
        "failed in cell 3 (allowed): KeyError: 'overseas'",
        "died in cell 3: out of memory",
        "could not be run: no room",
        "rejected: no such kernel",
        "running cell 4, 3 of 8 cells done",
        "running",
        "waiting",
    ]


def test_a_failure_that_is_allowed_is_neutral_and_warns(review, failing):
    check = check_of(review, replace(failing, options=ALLOWED))

    assert check.conclusion is Conclusion.NEUTRAL
    assert [annotation.level for annotation in check.annotations] == ["warning"]


def test_the_annotation_stands_on_the_line_of_the_failing_cell(review, failing):
    [annotation] = check_of(review, failing).annotations

    assert (annotation.path, annotation.line) == ("reports/quarterly.ipynb", 118)
    assert annotation.title == "KeyError in cell 3"
    assert annotation.message.startswith("KeyError: 'overseas'\n\n")
    assert "> 2 | total = frame['overseas']" in annotation.message
    assert annotation.raw_details == "KeyError Traceback\nKeyError: 'overseas'"


def test_an_annotation_whose_line_is_not_known_names_the_cell(review, failing):
    [annotation] = check_of(review, failed_at(failing, line=None)).annotations

    assert annotation.line == 1
    assert annotation.message.startswith("cell 3: KeyError")


@pytest.mark.parametrize("path", ["a\udcff.ipynb", "/etc/a.ipynb", "../a.ipynb"])
def test_a_path_that_github_cannot_be_told_has_no_annotation(review, failing, path):
    check = check_of(review, failed_at(failing, notebook=path))

    assert check.annotations == ()
    assert check.conclusion is Conclusion.FAILURE


@pytest.mark.parametrize("outcome", [Outcome.LOST, Outcome.CANCELLED])
def test_what_is_not_the_notebooks_doing_is_not_annotated(review, run, outcome):
    check = check_of(review, run("a.ipynb", outcome, message="gone"))

    assert check.annotations == ()
    assert "Traceback" not in check.text


def test_of_a_huge_traceback_the_end_is_annotated(review, failing):
    lines = tuple(f"\x1b[31mline {number} é😀\x1b[0m" for number in range(20_000))

    [annotation] = check_of(review, failed_at(failing, traceback=lines)).annotations

    assert annotation.raw_details.endswith("line 19999 é😀")
    assert 30_000 < len(annotation.raw_details.encode()) <= 65_536
    assert "\x1b" not in annotation.raw_details


def test_no_line_is_annotated_twice(review, failing):
    value = review(failing)

    assert len(summary(value, per_notebook=False).annotations) == 1
    assert summary(value, per_notebook=True).annotations == ()


def test_the_summary_annotates_the_worst_first_and_no_more_than_200(review, failing):
    excused = [
        replace(failing, run_id=f"e{n}", notebook=f"e{n}.ipynb", options=ALLOWED) for n in range(99)
    ]
    bad = [replace(failing, run_id=f"b{n}", notebook=f"b{n}.ipynb") for n in range(150)]

    annotations = summary(review(*excused, *bad), per_notebook=False).annotations

    assert len(annotations) == 200
    assert {annotation.level for annotation in annotations[:150]} == {"failure"}


def test_a_problem_concludes_and_is_annotated_on_its_line(review):
    problem = Problem(
        conclusion=Conclusion.ACTION_REQUIRED,
        title="Mistakes in the configuration",
        details=(".github/nbci.yml:3: unknown key `excluded`", "Mend it, then push."),
    )

    check = summary(replace(review(), planned=False, problem=problem))

    assert (check.status, check.conclusion) == (CheckStatus.COMPLETED, Conclusion.ACTION_REQUIRED)
    assert check.title == "Mistakes in the configuration"
    assert "Mend it, then push." in Rendered(check.summary).prose
    [annotation] = check.annotations
    assert (annotation.path, annotation.line) == (".github/nbci.yml", 3)
    assert annotation.message == "unknown key `excluded`"


def test_the_summary_tells_how_far_it_is(review, run, failing):
    going = running(run, cells_done=3, cells_total=8, cell=4)

    check = summary(review(failing, going, run("b.ipynb", None)))

    assert (check.status, check.conclusion) == (CheckStatus.IN_PROGRESS, None)
    assert check.title == "1 of 3 notebooks done, 1 failed"
    page = Rendered(check.summary)
    for words in ("updated as results arrive", "running cell 4", "3/8", "waiting"):
        assert words in page.prose


def test_before_the_plan_the_summary_says_what_is_going_on(review):
    check = summary(replace(review(), planned=False))

    assert check.title == "Finding out which notebooks to run"
    assert check.conclusion is None
    assert not_passed(check.text) is None


def test_the_rest_is_linked(review, failing):
    pages = Pages(run=lambda run: f"https://github.com/x/{run.notebook}", report=REPORT)
    runs = [
        replace(failing, run_id=str(n), notebook=f"{n:04}{'x' * 150}.ipynb") for n in range(900)
    ]

    check = summary(review(*runs), pages=pages)

    assert check.details_url == REPORT
    assert "more notebooks not shown; all of them are in [the report]" in check.summary
    assert "more failures not shown; all of them are in [the report]" in check.text
    assert REPORT in Rendered(check.summary).links


@pytest.mark.parametrize(
    ("commands", "outcome", "told"),
    [
        (True, Outcome.FAILED, True),
        (False, Outcome.FAILED, False),
        (True, Outcome.PASSED, False),
        (True, None, False),
    ],
)
def test_how_to_rerun_is_told_where_somebody_listens(review, run, commands, outcome, told):
    value = run("a.ipynb", outcome)

    checks = [
        summary(review(value), commands=commands),
        check_of(review, value, commands=commands),
    ]

    assert ["/nbci run failed" in check.summary for check in checks] == [told, told]


@pytest.mark.parametrize(
    ("outcomes", "identifiers"),
    [
        ([Outcome.PASSED], ["rerun"]),
        ([Outcome.PASSED, Outcome.DIED], ["rerun", "rerun_failed"]),
        ([Outcome.FAILED, None], ["cancel"]),
    ],
)
def test_the_buttons_fit_the_state_and_the_limits(review, run, outcomes, identifiers):
    value = review(*(run(f"{n}.ipynb", outcome) for n, outcome in enumerate(outcomes)))

    buttons = summary(value).buttons

    assert [button.identifier for button in buttons] == identifiers
    assert all(len(button.label) <= 20 for button in buttons)
    assert all(len(button.description) <= 40 for button in buttons)
    assert summary(value, buttons=False).buttons == ()


def test_names_that_are_shortened_stay_apart(review, run):
    paths = [f"{'a' * 150}{middle}{'b' * 150}.ipynb" for middle in "xy"]
    values = [{"s": f"{'a' * 150}{middle}{'b' * 150}"} for middle in "xy"]
    runs = [run(path, None) for path in paths] + [run("a", None, parameters=v) for v in values]

    names = [check_of(review, value).name for value in runs]

    assert len(set(names)) == 4
    assert max(map(len, names)) <= 200


def test_a_check_keeps_its_name_and_its_identity(review, run):
    value = run("a.ipynb", None, parameters={"n": 1})

    check = check_of(review, value)

    assert (check.name, check.external_id) == ("a.ipynb [n=1]", value.run_id)


def test_a_summary_is_known_by_repository_ref_and_head():
    request = ReviewRequest(repository="acme/models", ref="pull/7", head="b" * 40)
    others = [
        replace(request, repository="acme/other"),
        replace(request, ref="pull/8"),
        replace(request, head="c" * 40),
    ]

    assert review_id(request) == review_id(replace(request, base="d" * 40))
    assert review_id(request).startswith("nbci-review-")
    assert len({review_id(value) for value in (request, *others)}) == 4


def test_nothing_foreign_becomes_alive(hostile):
    check = summary(replace(hostile, cancelled=None), per_notebook=False)
    [run] = hostile.runs
    own = check_of(lambda value: hostile, run)

    for markdown in (check.summary, check.text, own.summary, own.text):
        assert_inert(markdown)
    assert len(Rendered(check.text).comments) == 1
    assert own.name.isprintable()
    assert own.title.isprintable()
    assert own.annotations == ()


@given(st.text(alphabet="`|\\<>@#a1.:$w-! \n*_[]()&\u202e\udcff~😀", max_size=30))
def test_no_text_becomes_alive(text):
    error = CellError(number=1, ename="E", evalue=text, source=text, traceback=(text,))
    result = RunResult(outcome=Outcome.DIED, message=text, failing_cell=error, log=text)
    run = Run(run_id="r", notebook=text, reasons=(text,), state=RunState.ENDED, result=result)
    skipped = Skipped(notebook=text, reasons=(text,))
    request = ReviewRequest(repository=text, ref=text, head=text)
    review = Review(request=request, runs=(run,), skipped=(skipped,), planned=True)
    problem = Problem(conclusion=Conclusion.FAILURE, title=text, details=(text, f"a:1: {text}"))
    checks = [
        summary(review),
        summary(replace(review, problem=problem)),
        notebook_check(review, run, pages=Pages(), buttons=False),
    ]

    for check in checks:
        assert_inert(check.summary)
        assert_inert(check.text)
        json.dumps([check.title, check.name]).encode()
        check.title.encode()
        [annotation.message.encode() for annotation in check.annotations]


@pytest.mark.parametrize("unit", ["é", "😀", "`", "\udcff", "\U000e0001", "|", "\n"])
@pytest.mark.parametrize("size", [10, 295, 4_000, 65_500])
def test_no_limit_is_exceeded_whatever_the_text(review, failing, unit, size):
    text = unit * size
    error = replace(
        failing.result.failing_cell,
        ename=text, evalue=text, source=text, traceback=(text,) * 3,
    )  # fmt: skip
    result = replace(failing.result, failing_cell=error, log=text, message=text)
    run = replace(failing.ended(result), notebook=f"{text[:4000]}.ipynb", reasons=(text,) * 4)
    skipped = Skipped(notebook=text[:4000], reasons=(text,))
    problem = Problem(conclusion=Conclusion.FAILURE, title=text, details=(text,) * 200)
    value = review(*(replace(run, run_id=str(n)) for n in range(60)), skipped=(skipped,) * 200)
    pages = Pages(report=REPORT)

    checks = [
        summary(value, pages=pages, per_notebook=False, commands=True),
        summary(replace(value, problem=problem), pages=pages),
        check_of(review, replace(run, notebook="a.ipynb"), pages=pages),
    ]

    for check in checks:
        assert len(check.title) <= 255
        assert len(check.summary.encode()) <= LIMIT
        assert len(check.text.encode()) <= LIMIT
        assert_inert(check.summary, {REPORT})
        assert_inert(check.text, {REPORT})
        for annotation in check.annotations:
            assert len(annotation.title) <= 255
            assert len(annotation.message.encode()) <= 65_536
            assert len(annotation.raw_details.encode()) <= 65_536
    assert checks[2].text


def not_passed(text):
    """What a check with this text says did not pass, None where it says nothing."""
    standing = standing_after([text])
    return None if standing is None else standing.not_passed


def test_the_list_of_what_did_not_pass_is_read_back(review, run, failing):
    runs = [
        run("good.ipynb", Outcome.PASSED),
        run("odd --> <!-- ü\udcff.ipynb", Outcome.DIED),
        failing,
        replace(failing, run_id="again", parameters={"n": 1}),
        run("waiting.ipynb", None),
    ]

    text = summary(review(*runs)).text

    assert not_passed(text) == (
        "odd --> <!-- ü\udcff.ipynb",
        "reports/quarterly.ipynb",
        "waiting.ipynb",
    )
    assert not_passed(text.replace("\n", "\r\n")) == not_passed(text)
    assert len(Rendered(text).comments) == 1


def test_where_everything_passed_the_list_is_empty(review, run):
    assert not_passed(summary(review(run("a.ipynb", Outcome.PASSED))).text) == ()


def test_a_list_too_long_to_be_complete_is_not_taken_for_one(review, run):
    runs = [run(f"{'x' * 90}{number}.ipynb", Outcome.FAILED) for number in range(500)]

    text = summary(review(*runs)).text

    assert '"incomplete":true' in text
    assert not_passed(text) is None


@given(st.lists(st.text(min_size=1, max_size=40), max_size=20, unique=True))
def test_any_paths_are_read_back(paths):
    failed = RunResult(outcome=Outcome.FAILED)
    runs = tuple(
        Run(run_id=str(n), notebook=path, state=RunState.ENDED, result=failed)
        for n, path in enumerate(paths)
    )
    review = Review(request=ReviewRequest(repository="r"), runs=runs, planned=True)

    assert not_passed(summary(review).text) == tuple(paths)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing of ours",
        '<!-- nbci {"not_passed": "a.ipynb"} -->',
        '<!-- nbci {"not_passed": [1]} -->',
        '<!-- nbci {"not_passed": [""]} -->',
        '<!-- nbci {"not_passed": ["a"], "incomplete": true} -->',
        '<!-- nbci {"not_passed": ["a"] -->',
        '<!-- nbci {"not_passed": ["a"]} --> and more',
        "<!-- nbci [] -->",
        f"<!-- nbci {{{'[' * 5000} -->",
        '<!-- nbci {"not_passed": ["a"]} -->\nafter it',
    ],
)
def test_a_list_that_was_changed_is_not_read(text):
    assert not_passed(text) is None


def test_both_kinds_of_check_lead_to_the_report(review, failing):
    pages = Pages(report="https://github.com/acme/films/actions/runs/7")

    whole = summary_check(review(failing), name="n", pages=pages, buttons=False, per_notebook=True)
    own = notebook_check(review(failing), failing, pages=pages, buttons=False)

    for check in (whole, own):
        assert f"(<{pages.report}>)" in check.summary


def named(review, *runs):
    """A review of these notebooks, asked for by name."""
    asked = review(*runs)
    names = tuple(run.notebook for run in runs)
    return replace(asked, request=replace(asked.request, notebooks=names))


def test_a_review_of_some_notebooks_forgets_nothing_of_the_others(review, run):
    whole = review(run("a.ipynb", Outcome.FAILED), run("b.ipynb", Outcome.DIED))
    some = named(review, run("a.ipynb", Outcome.PASSED), run("c.ipynb", Outcome.LOST))

    standing = standing_after([summary(whole).text, summary(some).text])

    assert standing == Standing(("b.ipynb", "c.ipynb"), is_whole=True)


def test_notebooks_that_passed_by_name_do_not_speak_for_the_others(review, run):
    standing = standing_after([summary(named(review, run("a.ipynb", Outcome.PASSED))).text])

    assert standing == Standing((), is_whole=False)


def test_a_review_of_everything_replaces_what_was_known(review, run):
    before = review(run("a.ipynb", Outcome.FAILED))
    after = review(run("a.ipynb", Outcome.PASSED))

    standing = standing_after([summary(before).text, "garbled", summary(after).text])

    assert standing == Standing((), is_whole=True)


def test_what_was_asked_for_by_name_says_nothing_after_a_gap(review, run):
    some = named(review, run("a.ipynb", Outcome.PASSED))

    assert standing_after(["garbled", summary(some).text]) is None
    assert standing_after([]) is None
