"""A review as Markdown for a job summary: everything foreign in it is inert."""

from __future__ import annotations

from bot.model import Review
from bot.report.failures import failures
from bot.report.limited import LimitedPage
from bot.report.pages import Link, no_link
from bot.report.sections import (
    add_failures,
    add_problem,
    add_skipped,
    add_table,
    heading,
    introduction,
    whereabouts,
)


def summary_markdown(review: Review, *, link: Link = no_link, limit: int = 1_000_000) -> str:
    """Return *review* as GitHub-flavoured Markdown of at most *limit* bytes of UTF-8.

    *link* gives the URL of a run's executed notebook. What does not fit is left out and a note
    says how much; fences and tables are never left open. *limit* is at least 1,000.
    """
    page = LimitedPage(limit)
    page.add(f"{heading(review, 2)}\n{introduction(review)} {whereabouts(review)}".rstrip() + "\n")
    failed = failures(review)
    add_problem(page, review.problem)
    add_table(page, review, link, keep_free=limit // 2 if failed else 0)
    add_failures(page, failed, link)
    add_skipped(page, review.skipped)
    return page.text()
