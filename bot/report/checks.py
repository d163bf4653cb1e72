"""Check runs: what GitHub shows of a review, and of each notebook, beside a commit."""

from __future__ import annotations

import hashlib
import json

from bot.model import Review, ReviewRequest
from bot.report.annotations import annotations_of_review
from bot.report.check_run import LONGEST_TEXT, LONGEST_TITLE, Button, CheckRun, CheckStatus
from bot.report.failures import failures
from bot.report.limited import LimitedPage
from bot.report.notebook_checks import notebook_check
from bot.report.pages import Pages
from bot.report.sections import (
    HOW_TO_RERUN,
    add_failures,
    add_problem,
    add_skipped,
    add_table,
    full_report,
    introduction,
    whereabouts,
)
from bot.report.standing import hidden_standing
from bot.report.wording import clipped, headline

__all__ = ["notebook_check", "review_id", "summary_check"]

_RERUN = Button(label="Re-run", description="Run all of these notebooks again", identifier="rerun")
_RERUN_FAILED = Button(
    label="Re-run failed", description="Run again what did not pass", identifier="rerun_failed"
)
_CANCEL = Button(label="Cancel", description="Stop all of these notebooks", identifier="cancel")


def summary_check(
    review: Review,
    *,
    name: str,
    pages: Pages,
    buttons: bool,
    per_notebook: bool,
    commands: bool = False,
) -> CheckRun:
    """Return the check run that tells of the whole review, as it stands.

    With *per_notebook* each notebook has a check run of its own, which bears its annotation; else
    this one bears them all. *buttons* and *commands* say whether anybody hears those.
    """
    return CheckRun(
        name=name,
        external_id=review_id(review.request),
        status=CheckStatus.COMPLETED if review.conclusion else CheckStatus.IN_PROGRESS,
        conclusion=review.conclusion,
        title=clipped(headline(review), LONGEST_TITLE),
        summary=_summary(review, pages, commands=commands),
        text=_text(review, pages),
        annotations=() if per_notebook and not review.problem else annotations_of_review(review),
        buttons=_buttons(review) if buttons else (),
        details_url=pages.report,
    )


def review_id(request: ReviewRequest) -> str:
    """Return the `external_id` of the summary of a review: of one head, and one attempt at it."""
    variant = [request.variant] if request.variant else []
    attempt = [request.attempt] if request.attempt > 1 else []
    identity = json.dumps([request.repository, request.ref, request.head, *variant, *attempt])
    return "nbci-review-" + hashlib.sha256(identity.encode()).hexdigest()[:32]


def _summary(review: Review, pages: Pages, *, commands: bool) -> str:
    page = LimitedPage(LONGEST_TEXT, pages.report)
    page.add(f"{introduction(review)} {whereabouts(review)} {full_report(pages)}".rstrip() + "\n")
    add_problem(page, review.problem)
    add_table(page, review, pages.run, keep_free=1_000)
    if commands and review.is_over and failures(review):
        page.add(HOW_TO_RERUN)
    return page.text()


def _text(review: Review, pages: Pages) -> str:
    """Return the failures, the skipped notebooks and, unseen at the end, what did not pass."""
    listed = hidden_standing(review)
    page = LimitedPage(LONGEST_TEXT - len(listed), pages.report)
    add_failures(page, failures(review), pages.run)
    add_skipped(page, review.skipped)
    return page.text() + listed


def _buttons(review: Review) -> tuple[Button, ...]:
    if not review.conclusion:
        return (_CANCEL,)
    return (_RERUN, _RERUN_FAILED) if failures(review) else (_RERUN,)
