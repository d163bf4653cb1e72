"""Azure Machine Learning as the backend: who may start something there.

What runs there costs money and can reach data, so that a pull request must not start it by itself
when it comes from somebody who may not write here. GitHub gives such a pull request a token that
can only read, and that is what tells: not every fork is a stranger's, and Dependabot has none.
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
"""

from __future__ import annotations

import time

from action import job_log
from action.session import REPORT_CHECK, Session
from action.standing import standing_of
from action.stopping import CANCELLED, LONGEST_PATIENCE, Stop, Stopped
from action.subject import Subject
from bot.errors import NbciError
from bot.model import Conclusion, Problem, Review, ReviewRequest
from bot.publishing import Channel, ChecksMode, Publisher
from bot.review import given_up

_NOT_YET = Problem(
    conclusion=Conclusion.FAILURE,
    title="This version of nbci cannot use Azure Machine Learning yet",
    details=("With `backend: local`, the notebooks run on the runner of the workflow.",),
)


def cloud_review(
    session: Session, subject: Subject, request: ReviewRequest, publisher: Publisher, stop: Stop
) -> Review:
    """Return the review of *subject*, of which *publisher* has shown nothing yet.

    For a pull request whose token may not write it says who can start the notebooks, and passes
    when a maintainer has done so and they passed.
    """
    try:
        with stop.at_once():
            publisher.show(Review(request=request))
            return Review(request=request, problem=_problem(session, subject, publisher))
    except Stopped:
        return given_up(Review(request=request, cancelled=CANCELLED))


def _problem(session: Session, subject: Subject, publisher: Publisher) -> Problem:
    is_pull_request = session.context.event_name == "pull_request"
    if is_pull_request and not _may_write(session, publisher):
        return _started_by_maintainer(session, subject.head) or _needs_maintainer(subject.head)
    return _NOT_YET


def _may_write(session: Session, publisher: Publisher) -> bool:
    """Whether the token could write a check run, or else the comment: nothing else is a proof."""
    if session.inputs.checks is not ChecksMode.NONE:
        channel = Channel.CHECKS
    elif session.inputs.comment:
        channel = Channel.COMMENT
    else:
        return False
    last = time.monotonic() + LONGEST_PATIENCE
    again = publisher.step()
    while publisher.waiting_for and time.monotonic() < last:
        job_log.say(publisher.waiting_for)
        time.sleep(max((again or 0.0) - time.monotonic(), 1.0))
        again = publisher.step()
    return channel not in publisher.refusals and not publisher.waiting_for


def _started_by_maintainer(session: Session, head: str) -> Problem | None:
    """Return that the notebooks have passed for *head*, None where that is not so."""
    try:
        standing = standing_of(session, head)
    except NbciError as error:
        job_log.warning(f"whether a maintainer has run the notebooks cannot be told: {error}")
        return None
    if standing is None or standing.not_passed or not standing.is_whole:
        return None
    return Problem(
        conclusion=Conclusion.SUCCESS,
        title="The notebooks passed when a maintainer ran them",
        details=(f"The check `{REPORT_CHECK}` of `{head[:10]}` tells how each went.",),
    )


def _needs_maintainer(head: str) -> Problem:
    return Problem(
        conclusion=Conclusion.ACTION_REQUIRED,
        title="A maintainer has to start these notebooks",
        details=(
            "The token of this workflow may only read, as for a pull request from a fork, so that"
            " nothing was sent to Azure Machine Learning.",
            f"Whoever may write to this repository can comment `/nbci run --sha {head}` once they"
            " have looked at the change, and run this job again when the notebooks have passed.",
        ),
    )
