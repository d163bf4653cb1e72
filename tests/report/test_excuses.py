"""What `allow_failure` excuses, and what it does not."""

import pytest

from bot.cli.run import exit_code
from bot.model import Conclusion, Outcome, Review, ReviewRequest, Run, RunOptions, RunResult


def review_of(outcome):
    run = Run(run_id="nbci-1", notebook="n.ipynb", options=RunOptions(allow_failure=True))
    ended = run.ended(RunResult(outcome=outcome))
    return Review(request=ReviewRequest(repository="r"), runs=(ended,), planned=True)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.DIED, Outcome.TIMED_OUT])
def test_a_notebook_that_may_fail_is_excused(outcome):
    review = review_of(outcome)

    assert (review.conclusion, exit_code(review)) == (Conclusion.SUCCESS, 0)


@pytest.mark.parametrize(
    ("outcome", "code"), [(Outcome.LOST, 3), (Outcome.REJECTED, 1), (Outcome.CANCELLED, 1)]
)
def test_what_was_not_really_run_is_never_green(outcome, code):
    review = review_of(outcome)

    assert review.conclusion is not Conclusion.SUCCESS
    assert exit_code(review) == code
