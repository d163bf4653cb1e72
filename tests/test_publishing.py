"""A review as it goes on, shown on the tests' GitHub by the real forge, on a clock of our own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from building.hosted import Hosted, host
from building.reviews import changed, failed, new_review, passed, running, unplanned
from building.showing import Show, busiest
from fakes.github import GitHub
from fakes.github.faults import BY_CHANCE
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forges.github.api import Refused
from bot.model import Conclusion, Problem, Review
from bot.pacing import Pace
from bot.publishing import Appearance, Channel, ChecksMode, Publisher
from bot.report.checks import review_id

LIMITS = ("primary_limit", "secondary_limit")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with GitHub() as github:
        yield host(github, tmp_path_factory.mktemp("hosted"))
        assert not github.violations


@pytest.fixture
def hosted(shared: Hosted) -> Hosted:
    """The same GitHub for all tests, for it is slow to make: emptied, on a new clock."""
    return emptied(shared)


def emptied(shared: Hosted) -> Hosted:
    shared.repository.all_check_runs.clear()
    shared.repository.all_comments.clear()
    shared.repository.all_statuses.clear()
    shared.github.faults.planned.clear()
    shared.github.random_faults(0, rate=0)
    shared.github.requests.clear()
    return Hosted(shared.github, shared.repository, shared.pull, shared.token)


def check_of(hosted: Hosted, external_id: str):
    (found,) = [run for run in hosted.repository.check_runs() if run.external_id == external_id]
    return found


def summary_of(hosted: Hosted, review: Review):
    return check_of(hosted, review_id(review.request))


def conclusions(hosted: Hosted) -> dict[str, str | None]:
    return {run.name: run.conclusion for run in hosted.repository.check_runs()}


def end_state(hosted: Hosted):
    """Return all that people see in the end, whatever way it came there."""
    checks = [
        (
            run.external_id,
            run.name,
            run.status,
            run.conclusion,
            run.title,
            run.summary,
            run.text,
            Counter((item["path"], item["start_line"], item["title"]) for item in run.annotations),
        )
        for run in hosted.repository.check_runs()
    ]
    comments = [(item.login, item.body) for item in hosted.repository.comments(hosted.pull)]
    return sorted(checks, key=lambda check: check[0]), comments


def test_each_notebook_and_the_whole_get_a_check_run_and_the_pull_request_one_comment(hosted):
    review = Show(hosted).play(new_review(hosted.sha, 3), 30, bad_every=3)

    assert conclusions(hosted) == {
        "nbci report": "failure",
        "notebooks/n0000.ipynb": "failure",
        "notebooks/n0001.ipynb": "success",
        "notebooks/n0002.ipynb": "success",
    }
    assert summary_of(hosted, review).title == "1 of 3 notebooks failed"
    (comment,) = hosted.repository.comments(hosted.pull)
    assert "1 of 3 notebooks failed" in comment.body


def test_with_the_summary_only_it_bears_all_annotations_once(hosted):
    review = Show(hosted, checks=ChecksMode.SUMMARY).play(
        new_review(hosted.sha, 130), 3600, bad_every=1
    )

    annotations = summary_of(hosted, review).annotations
    assert len(hosted.repository.check_runs()) == 1
    assert sorted(item["path"] for item in annotations) == [run.notebook for run in review.runs]


def test_above_thirty_notebooks_none_has_a_check_run_of_its_own_unless_asked_for(hosted):
    Show(hosted).play(new_review(hosted.sha, 31), 60)

    assert list(conclusions(hosted)) == ["nbci report"]


@pytest.mark.parametrize("look", [{"checks": ChecksMode.NONE}, {"comment": False}])
def test_what_is_not_wanted_is_not_written(hosted, look):
    Show(hosted, **look).play(new_review(hosted.sha, 2), 10)

    assert bool(hosted.repository.check_runs()) == ("comment" in look)
    assert bool(hosted.repository.comments(hosted.pull)) == ("checks" in look)


def test_failures_are_shown_before_what_passed(hosted):
    review = new_review(hosted.sha, 4)
    show = Show(hosted)
    show.now(unplanned(review))
    for index, run in enumerate(review.runs):
        review = changed(review, index, failed(run) if index == 3 else passed(run))

    show.now(review)

    order = [run.name for run in hosted.repository.check_runs()]
    assert order[:2] == ["nbci report", "notebooks/n0003.ipynb"]


def test_a_failure_is_on_its_check_run_as_soon_as_it_is_known(hosted):
    review = new_review(hosted.sha, 2)
    show = Show(hosted)
    show.now(review)
    review = changed(review, 0, failed(review.runs[0]))

    show.now(review)

    check = check_of(hosted, review.runs[0].run_id)
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert check.annotations[0]["start_line"] == 20


def test_without_check_runs_of_their_own_the_first_failure_updates_the_summary_at_once(hosted):
    review = new_review(hosted.sha, 50)
    show = Show(hosted)
    show.now(review)
    review = changed(review, 0, failed(review.runs[0]))

    show.now(review)

    assert "1 failed" in summary_of(hosted, review).title


def test_only_the_newest_of_many_states_is_written(hosted):
    review = new_review(hosted.sha, 1)
    show = Show(hosted)
    show.now(review)
    for done in range(4):
        show.publisher.show(changed(review, 0, running(review.runs[0], done)))
    show.publisher.show(changed(review, 0, passed(review.runs[0])))

    show.finish()

    assert [state.status for state in check_of(hosted, review.runs[0].run_id).history] == [
        "completed"
    ]


def test_progress_is_shown_at_growing_intervals(hosted):
    review = new_review(hosted.sha, 100)
    show = Show(hosted, comment=False)
    began = hosted.clock.now

    for tick in range(6 * 3600 // 5):
        show.until(began + 5 * tick)
        show.publisher.show(changed(review, tick % 100, running(review.runs[tick % 100], tick % 4)))

    gaps = [later - at for at, later in zip(hosted.written_at, hosted.written_at[1:], strict=False)]
    assert 4 <= len(gaps) <= 8
    assert gaps == sorted(gaps)
    assert gaps[0] <= 10


def test_what_may_wait_does_not_hold_up_what_may_not(hosted):
    review = new_review(hosted.sha, 2)
    show = Show(hosted)
    show.now(review)
    for _ in range(60):
        show.pace.note()
    review = changed(review, 0, running(review.runs[0]))
    review = changed(review, 1, passed(review.runs[1]))
    hosted.clock.now += 59

    show.now(review)

    assert conclusions(hosted) == {"nbci report": None, "notebooks/n0001.ipynb": "success"}


def test_states_that_come_from_another_thread_end_with_the_last(hosted):
    reviews = [new_review(hosted.sha, 3)]
    for index, run in enumerate(reviews[0].runs):
        reviews.append(changed(reviews[-1], index, running(run)))
        reviews.append(changed(reviews[-1], index, passed(run)))
    show = Show(hosted)
    show.now(reviews[0])
    thread = threading.Thread(target=lambda: [show.publisher.show(state) for state in reviews])

    thread.start()
    while thread.is_alive():
        show.publisher.step()
    thread.join()
    show.finish()

    assert set(conclusions(hosted).values()) == {"success"}
    assert summary_of(hosted, reviews[-1]).title == "All 3 notebooks passed"


def test_a_clock_that_is_set_back_loses_nothing_and_makes_no_storm(hosted):
    show = Show(hosted)
    review = new_review(hosted.sha, 2)
    show.now(review)
    hosted.clock.now -= 3600
    asked = len(hosted.github.requests)

    review = changed(review, 0, failed(review.runs[0]))
    show.now(review)
    show.publisher.show(changed(review, 1, passed(review.runs[1])))
    show.finish()

    assert sorted(conclusions(hosted).values()) == ["failure", "failure", "success"]
    assert len(hosted.github.requests) - asked <= 10


def test_a_review_that_could_not_begin_is_shown_with_its_problem(hosted):
    problem = Problem(conclusion=Conclusion.ACTION_REQUIRED, title="Too many notebooks")
    review = Review(request=new_review(hosted.sha, 0).request, problem=problem)

    Show(hosted).now(review)

    assert summary_of(hosted, review).conclusion == "action_required"
    assert "Too many notebooks" in hosted.repository.comments(hosted.pull)[0].body


def test_a_refused_comment_is_told_in_the_summary_and_not_tried_again(hosted):
    token = hosted.github.token(hosted.repository, permissions={"checks": "write"})

    show = Show(hosted, token)
    review = show.play(new_review(hosted.sha, 2), 300)

    summary = summary_of(hosted, review)
    assert summary.conclusion == "failure"
    assert "`pull-requests: write`" in summary.summary
    assert list(show.publisher.refusals) == [Channel.COMMENT]
    assert hosted.asked("POST", "issues/create-comment") == 1


def test_where_check_runs_are_refused_a_commit_status_tells_the_verdict(hosted):
    permissions = {"statuses": "write", "pull_requests": "write"}
    token = hosted.github.token(hosted.repository, permissions=permissions)

    show = Show(hosted, token)
    show.play(new_review(hosted.sha, 2), 60)

    assert not show.forge.has_checks
    assert hosted.repository.statuses()[-1].state == "failure"
    assert hosted.repository.statuses()[-1].context == "nbci report"
    assert len(hosted.repository.comments(hosted.pull)) == 1
    assert hosted.asked("POST", "checks/create") == 1


def test_a_token_that_may_write_nothing_is_asked_little(hosted):
    token = hosted.github.token(hosted.repository, permissions={})

    show = Show(hosted, token)
    show.play(new_review(hosted.sha, 20), 600)

    assert set(show.publisher.refusals) == {Channel.CHECKS, Channel.COMMENT}
    assert "`checks: write`" in show.publisher.refusals[Channel.CHECKS]
    assert len(hosted.github.requests) <= 6


@pytest.mark.parametrize(
    ("kind", "options", "wait"),
    [
        ("primary_limit", {"seconds": 1800}, 1800),
        ("secondary_limit", {"retry_after": 90}, 90),
        ("secondary_limit", {}, 60),
    ],
)
def test_nothing_is_asked_before_a_limit_ends_and_then_all_is_shown(hosted, kind, options, wait):
    show = Show(hosted)
    review = new_review(hosted.sha, 2)
    show.now(review)
    hosted.github.fault(kind, **options)
    review = changed(review, 0, failed(review.runs[0]))
    show.now(review)
    asked = len(hosted.github.requests)
    review = changed(review, 1, passed(review.runs[1]))
    show.publisher.show(review)

    show.until(hosted.clock.now + wait - 2)
    asked_meanwhile = len(hosted.github.requests) - asked
    show.finish()

    assert asked_meanwhile == 0
    assert set(conclusions(hosted).values()) == {"failure", "success"}
    assert show.publisher.waiting_for == ""


def test_limits_in_a_row_are_waited_out_longer_each_time(hosted):
    show = Show(hosted)
    hosted.github.fault("secondary_limit", times=5, retry_after=1)
    began = hosted.clock.now

    show.now(new_review(hosted.sha, 1))
    show.finish()

    assert hosted.clock.now >= began + 1 + 60 + 120 + 240 + 480
    assert len(hosted.repository.check_runs()) == 1


def test_no_minute_and_no_hour_has_more_writes_than_github_allows(hosted):
    show = Show(hosted, checks=ChecksMode.PER_NOTEBOOK)

    review = show.play(new_review(hosted.sha, 300), 60)

    assert busiest(hosted.written_at, 60) <= 80
    assert busiest(hosted.written_at, 3600) <= 500
    assert len(hosted.repository.check_runs()) == 301
    assert all(run.status == "completed" for run in hosted.repository.check_runs())
    assert summary_of(hosted, review).conclusion == "failure"


@pytest.mark.parametrize("number", [1, 20, 30, 31, 300])
@pytest.mark.parametrize("seconds", [10, 600, 6 * 3600])
def test_few_requests_are_made(hosted, number, seconds):
    Show(hosted).play(new_review(hosted.sha, number), seconds)

    assert len(hosted.github.requests) <= (12 + 2.2 * number if number <= 30 else 25)


class Finicky:
    """A forge that finds fault with one check run and shows all others on *forge*."""

    def __init__(self, forge, unfit: str) -> None:
        self.forge = forge
        self.unfit = unfit

    def put_check(self, check) -> None:
        if check.external_id == self.unfit:
            raise Refused("POST /check-runs: HTTP 422: title is odd", 422)
        self.forge.put_check(check)

    def put_comment(self, revise) -> None:
        self.forge.put_comment(revise)


def test_a_check_run_that_is_not_as_github_wants_it_does_not_stop_the_others(hosted):
    review = new_review(hosted.sha, 2)
    show = Show(hosted)
    show.publisher = Publisher(
        Finicky(hosted.forge(), review.runs[0].run_id),
        Appearance(name="nbci report", started=hosted.clock.now),
        pace=Pace(hosted.clock),
        clock=hosted.clock,
    )

    show.play(review, 10)

    assert set(show.publisher.problems) == {"POST /check-runs: HTTP 422: title is odd"}
    assert conclusions(hosted) == {"nbci report": "failure", "notebooks/n0001.ipynb": "success"}


@settings(max_examples=settings().max_examples * 2 // 5)
@given(
    seed=st.integers(0, 10**9),
    mode=st.sampled_from(list(ChecksMode)),
    number=st.sampled_from([1, 6, 55]),
)
def test_whatever_fails_on_the_way_the_end_is_the_same(shared, seed, mode, number):
    hosted = emptied(shared)
    review = new_review(hosted.sha, number)
    undisturbed = Show(hosted, checks=mode)
    undisturbed.play(review, 30, bad_every=2)
    expected = end_state(hosted)
    hosted = emptied(shared)
    hosted.github.random_faults(seed, 0.2, (*BY_CHANCE, *LIMITS))

    show = Show(hosted, checks=mode)
    show.play(review, 30, bad_every=2)

    assert show.publisher.refusals == {}
    assert end_state(hosted) == expected


class DislikesAnnotations(Finicky):
    """A forge that takes no annotations."""

    def put_check(self, check) -> None:
        if check.annotations:
            raise Refused("PATCH /check-runs: HTTP 422: annotations are odd", 422)
        self.forge.put_check(check)


def test_a_check_run_whose_annotations_are_refused_is_concluded_without_them(hosted):
    review = new_review(hosted.sha, 2)
    show = Show(hosted)
    show.publisher = Publisher(
        DislikesAnnotations(hosted.forge(), ""),
        Appearance(name="nbci report", started=hosted.clock.now),
        pace=Pace(hosted.clock),
        clock=hosted.clock,
    )

    show.play(review, 10)

    assert {run.status for run in hosted.repository.check_runs()} == {"completed"}
    assert show.publisher.problems == ["PATCH /check-runs: HTTP 422: annotations are odd"]
