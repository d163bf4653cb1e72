"""Check runs: what GitHub shows of a review, and of each notebook, beside a commit."""

from __future__ import annotations

import hashlib
import json

from bot.model import JsonValue, Review, ReviewRequest
from bot.report.annotations import annotations_of_review
from bot.report.check_run import LONGEST_TEXT, LONGEST_TITLE, Button, CheckRun, CheckStatus
from bot.report.failures import failures
from bot.report.hidden import hidden, hidden_report, last_line, read_hidden
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
from bot.report.wording import clipped, headline

__all__ = ["not_passed_in", "notebook_check", "review_id", "summary_check"]

_LARGEST_LIST = 20_000
"""Bytes kept for the list of the notebooks that did not pass."""

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
    """Return the `external_id` of the summary of the review of one head, however often begun."""
    variant = [request.variant] if request.variant else []
    identity = json.dumps([request.repository, request.ref, request.head, *variant])
    return "nbci-review-" + hashlib.sha256(identity.encode()).hexdigest()[:32]


def not_passed_in(text: str) -> tuple[str, ...] | None:
    """Return the notebooks that had not passed when `summary_check` wrote this *text*.

    None when it does not say so, when it has been changed, or when the list was too long to be
    complete: "run again what failed" must not become green for having forgotten some.
    """
    value = read_hidden(last_line(text))
    if value is None or set(value) != {"not_passed"}:
        return None
    paths = value["not_passed"]
    if not isinstance(paths, list):
        return None
    names = tuple(path for path in paths if isinstance(path, str) and path)
    return names if len(names) == len(paths) else None


def _summary(review: Review, pages: Pages, *, commands: bool) -> str:
    end = hidden_report(pages.report)
    page = LimitedPage(LONGEST_TEXT - len(end.encode()), pages.report)
    page.add(f"{introduction(review)} {whereabouts(review)} {full_report(pages)}".rstrip() + "\n")
    add_problem(page, review.problem)
    add_table(page, review, pages.run, keep_free=1_000)
    if commands and review.is_over and failures(review):
        page.add(HOW_TO_RERUN)
    return page.text() + end


def _text(review: Review, pages: Pages) -> str:
    """Return the failures, the skipped notebooks and, unseen at the end, what did not pass."""
    listed = _hidden_list(review)
    page = LimitedPage(LONGEST_TEXT - len(listed), pages.report)
    add_failures(page, failures(review), pages.run)
    add_skipped(page, review.skipped)
    return page.text() + listed


def _hidden_list(review: Review) -> str:
    """Return the notebooks that did not pass, or have not yet, for `not_passed_in` to read."""
    if review.problem or not review.planned:
        return ""
    bad = [run for run in review.runs if not (run.outcome and run.outcome.is_good)]
    paths = list(dict.fromkeys(run.notebook for run in bad))
    kept: list[JsonValue] = []
    room = _LARGEST_LIST - len(hidden({"not_passed": [], "incomplete": True}))
    for path in paths:
        room -= len(hidden({"": path}))
        if room < 0:
            break
        kept.append(path)
    value: dict[str, JsonValue] = {"not_passed": kept}
    if len(kept) < len(paths):
        value["incomplete"] = True
    return f"\n{hidden(value)}\n"


def _buttons(review: Review) -> tuple[Button, ...]:
    if not review.conclusion:
        return (_CANCEL,)
    return (_RERUN, _RERUN_FAILED) if failures(review) else (_RERUN,)
