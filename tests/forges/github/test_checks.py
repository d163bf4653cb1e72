"""Check runs on the tests' GitHub, with answers that get lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from building.hosted import Hosted

from bot.errors import Unanswered
from bot.forges.github.api import Refused
from bot.model import Conclusion
from bot.report.check_run import Annotation, Button, CheckRun, CheckStatus

LOST = [
    "500_before",
    "502_before",
    "502_after",
    "reset_before",
    "reset_after",
    "truncated",
    "html",
]
RUN = "/check-runs(/[0-9]+)?$"


def begun(external_id: str = "nbci-1", name: str = "a.ipynb") -> CheckRun:
    return CheckRun(
        name=name,
        external_id=external_id,
        status=CheckStatus.IN_PROGRESS,
        conclusion=None,
        title="running",
        summary="It is running.",
    )


def ended(number: int = 0, **changes) -> CheckRun:
    """Return a check run that failed, with so many annotations."""
    annotations = tuple(
        Annotation(path="a.ipynb", line=line, message="no such column", title="ValueError")
        for line in range(1, number + 1)
    )
    return replace(
        begun(),
        status=CheckStatus.COMPLETED,
        conclusion=Conclusion.FAILURE,
        title="failed",
        summary="It failed.",
        annotations=annotations,
        **changes,
    )


def lines(hosted: Hosted) -> list[int]:
    (run,) = hosted.repository.check_runs()
    return [annotation["start_line"] for annotation in run.annotations]


def test_a_check_run_is_made_with_all_it_says(hosted: Hosted):
    button = Button(label="Re-run", description="Run it again", identifier="rerun")
    check = ended(1, text="Traceback", buttons=(button,), details_url="https://example.org/7")

    hosted.checks().put(check)

    (run,) = hosted.repository.check_runs(hosted.sha)
    assert (run.name, run.external_id) == ("a.ipynb", "nbci-1")
    assert (run.status, run.conclusion) == ("completed", "failure")
    assert (run.title, run.summary, run.text) == ("failed", "It failed.", "Traceback")
    assert [action["identifier"] for action in run.actions] == ["rerun"]


def test_a_check_run_is_changed_and_not_made_again(hosted: Hosted):
    checks = hosted.checks()
    checks.put(begun())

    checks.put(ended(2))

    (run,) = hosted.repository.check_runs()
    assert [state.status for state in run.history] == ["in_progress", "completed"]
    assert lines(hosted) == [1, 2]


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("times", [1, 3])
def test_one_check_run_is_made_however_often_the_answer_is_lost(hosted: Hosted, kind, times):
    hosted.github.fault(kind, method="POST", path=RUN, times=times)

    hosted.checks().put(ended(120))

    assert len(hosted.repository.check_runs()) == 1
    assert lines(hosted) == list(range(1, 121))


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_no_annotation_is_there_twice_whichever_answer_is_lost(hosted: Hosted, kind, after):
    checks = hosted.checks()
    checks.put(begun())
    hosted.github.fault(kind, method="PATCH", path=RUN, after=after)

    checks.put(ended(120))

    assert lines(hosted) == list(range(1, 121))
    assert hosted.repository.check_runs()[0].conclusion == "failure"


@pytest.mark.parametrize("kind", LOST)
def test_after_giving_up_it_goes_on_where_it_stopped(hosted: Hosted, kind):
    checks = hosted.checks()
    hosted.github.fault(kind, path=RUN, times=30)
    with pytest.raises(Unanswered):
        checks.put(begun())
    hosted.github.faults.planned.clear()

    checks.put(ended(60))

    (run,) = hosted.repository.check_runs()
    assert (run.status, run.conclusion) == ("completed", "failure")
    assert lines(hosted) == list(range(1, 61))


def test_fifty_annotations_are_sent_in_one_request(hosted: Hosted):
    hosted.checks().put(ended(50))

    assert len(hosted.written_at) == 1


def test_what_an_interrupted_process_left_in_progress_is_gone_on_with(hosted: Hosted):
    hosted.checks().put(begun())

    hosted.checks().put(ended(1))

    (run,) = hosted.repository.check_runs()
    assert run.conclusion == "failure"


def test_annotations_of_an_interrupted_process_are_not_repeated(hosted: Hosted):
    annotated = replace(begun(), annotations=ended(3).annotations)
    hosted.checks().put(annotated)

    hosted.checks().put(ended(5))

    assert lines(hosted) == [1, 2, 3, 4, 5]


def test_what_was_completed_before_is_left_alone_and_a_new_one_made(hosted: Hosted):
    hosted.checks().put(ended(1))

    hosted.checks().put(begun())

    first, second = hosted.repository.check_runs()
    assert (first.conclusion, len(first.history)) == ("failure", 1)
    assert second.status == "in_progress"


def test_a_lost_answer_is_not_taken_for_what_was_completed_before(hosted: Hosted):
    hosted.checks().put(ended(1))
    hosted.github.fault("502_before", method="POST", path=RUN)

    hosted.checks().put(begun())

    assert len(hosted.repository.check_runs()) == 2


def test_another_apps_check_run_that_looks_the_same_is_left_alone(hosted: Hosted):
    other = hosted.github.token(hosted.repository, "somebodys-app[bot]")
    hosted.checks(other).put(begun())

    hosted.checks().put(ended(1))

    theirs, ours = hosted.repository.check_runs()
    assert (theirs.app.slug, theirs.status) == ("somebodys-app", "in_progress")
    assert (ours.app.slug, ours.conclusion) == ("github-actions", "failure")


def test_a_token_that_may_not_is_refused_with_the_permission(hosted: Hosted):
    token = hosted.github.token(hosted.repository, permissions={"checks": "read"})

    with pytest.raises(Refused, match="`checks: write`") as caught:
        hosted.checks(token).put(begun())

    assert caught.value.status == 403


def test_a_check_run_says_who_works_on_it(hosted: Hosted):
    hosted.checks(origin="77").put(begun())

    (found,) = hosted.checks().existing("a.ipynb")

    assert (found.external_id, found.origin, found.status) == ("nbci-1", "77", "in_progress")
    assert (found.name, found.app, found.annotations) == ("a.ipynb", "github-actions", 0)


def test_only_check_runs_of_the_name_are_listed(hosted: Hosted):
    checks = hosted.checks()
    checks.put(begun())
    checks.put(begun("nbci-2", "b.ipynb"))

    assert [check.name for check in checks.existing("b.ipynb")] == ["b.ipynb"]
    assert {check.name for check in checks.existing()} == {"a.ipynb", "b.ipynb"}


def test_what_was_left_can_be_concluded(hosted: Hosted):
    checks = hosted.checks()
    checks.put(begun())
    (left,) = checks.existing()

    checks.conclude(left, "cancelled", "Cancelled", "The job was cancelled.")

    (run,) = hosted.repository.check_runs()
    assert (run.status, run.conclusion, run.title) == ("completed", "cancelled", "Cancelled")


def test_the_app_is_known_once_a_check_run_was_made(hosted: Hosted):
    checks = hosted.checks()

    checks.put(begun())

    assert checks.app == "github-actions"


def test_a_list_that_comes_without_what_it_counts_is_not_believed(hosted: Hosted):
    hosted.checks().put(begun())
    hosted.github.fault("empty_page", method="GET", path="/check-runs$")
    checks = hosted.checks()

    with pytest.raises(Unanswered):
        checks.put(ended())
    checks.put(ended())

    (run,) = hosted.repository.check_runs()
    assert run.conclusion == "failure"
