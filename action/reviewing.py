"""A review from its request to its report: on GitHub, in the log, in the report's folder."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace

from action import job_log, results
from action.background import Background
from action.cloud import cloud_review
from action.comparison import Comparison
from action.inputs import BackendInput
from action.kept_outputs import KeptOutputs
from action.leftovers import conclude_left
from action.problems import OUR_FAULT
from action.running import Running
from action.session import Session
from action.stopping import stoppable
from action.subject import Subject
from bot.errors import NbciError
from bot.forges.github.forge import GitHubForge
from bot.model import Review, ReviewRequest
from bot.publishing import Appearance, Publisher
from bot.report.pages import Pages
from bot.review import given_up


def review(session: Session, subject: Subject, compare: Callable[[], Comparison]) -> Review:
    """Return the review of *subject* once it is over and has been reported everywhere.

    *compare* gets hold of the commits; what it raises, a UsageError say, becomes the review's
    problem, which is reported in the same places. No check run is left in progress, whatever else
    is raised.
    """
    try:
        return _review(session, subject, compare)
    except NbciError:
        raise
    except Exception:
        problem = OUR_FAULT
        conclude_left(session, subject.head, problem.conclusion, problem.title, problem.details[0])
        raise


def _review(session: Session, subject: Subject, compare: Callable[[], Comparison]) -> Review:
    targets = results.prepare(session.context)
    kept = KeptOutputs(session, subject.head, subject.number)
    forge = session.forge(subject.head, subject.number)
    publisher = _publisher(session, subject, kept, forge)
    begun = Review(request=_request(session, subject))
    with stoppable() as stop, contextlib.ExitStack() as stack:
        ended = None
        if session.inputs.backend is BackendInput.AZUREML:
            ended = cloud_review(session, subject, begun.request, publisher, stop)
        background = Background(publisher, job_log.say)
        background.show(ended or begun)
        running = Running(
            session, subject, targets.folder, kept, stop, stack, background.show, begun
        )
        try:
            ended = ended or running.result(compare)
            background.show(ended)
            results.leave(session.context, ended, targets)
        except Exception:
            background.show(replace(given_up(running.latest), problem=OUR_FAULT))
            raise
        finally:
            is_shown = background.finish(stop.patience())
    results.tell(ended, publisher, is_shown=is_shown, has_checks=forge.has_checks)
    return ended


def _publisher(
    session: Session, subject: Subject, kept: KeptOutputs, forge: GitHubForge
) -> Publisher:
    is_pull_request = subject.number is not None
    appearance = Appearance(
        name=session.report_check,
        started=time.time(),
        checks=session.inputs.checks,
        comment=session.inputs.comment and is_pull_request and session.context.is_first,
        pages=Pages(run=kept.link, report=session.context.run_url),
        commands=is_pull_request,
    )
    return Publisher(forge, appearance, pace=session.pace, clock=time.monotonic)


def _request(session: Session, subject: Subject) -> ReviewRequest:
    inputs = session.inputs
    return ReviewRequest(
        repository=session.context.repository,
        ref=subject.ref,
        head=subject.head,
        everything=subject.everything,
        notebooks=subject.notebooks,
        parameters=inputs.parameters,
        timeout=inputs.timeout,
        backend=inputs.backend.value or None,
        variant=session.context.variant,
    )
