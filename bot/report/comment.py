"""The one comment of a pull request, edited in place as results arrive."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from bot.model import Conclusion, Review
from bot.report.comment_state import (
    UNFINISHED,
    CommentState,
    Earlier,
    after,
    began_later,
    read_state,
    state_line,
)
from bot.report.failures import failures
from bot.report.hidden import MARKER
from bot.report.inert import code, linked, words
from bot.report.limited import LimitedPage
from bot.report.pages import Pages
from bot.report.sections import (
    CONCLUSION_ICONS,
    add_failures,
    add_problem,
    add_skipped,
    add_table,
    full_report,
    heading,
    introduction,
    whereabouts,
)
from bot.report.wording import headline

__all__ = ["MARKER", "Earlier", "abandoned_comment", "comment_markdown", "is_ours"]

LONGEST_BODY = 65_536
"""Characters that GitHub takes of a comment; we stay below it in bytes."""

_MOST_ROWS = 50
_MOST_FAILURES = 10
_MOST_SKIPPED = 20
_LARGEST_FAILURE = 5_000


def comment_markdown(
    review: Review, *, started: float, pages: Pages, previous: str | None, commands: bool
) -> str | None:
    """Return the comment that tells of *review*, which began at *started* (seconds since 1970).

    *previous* is the body that is there now: what it told of another review is kept below as an
    earlier result. None when it tells of a review that began later than ours, which an older and
    slower one must not undo. *commands* says whether anybody hears commands in comments.
    """
    told = read_state(previous, started)
    if told and began_later(told, started):
        return None
    latest = Earlier(
        head=review.request.head or "",
        title=headline(review),
        conclusion=review.conclusion or UNFINISHED,
        url=pages.report,
    )
    state = after(told, started, latest)
    return _body(review, state, pages, commands=commands)


def abandoned_comment(body: str | None, *, report: str) -> str | None:
    """Return what the comment *body* is to say once nobody works on its review any more.

    None where it tells of another review than the one whose report is at *report*, or of an end.
    """
    state = read_state(body, time.time())
    if state is None or state.latest.conclusion != UNFINISHED or state.latest.url != report:
        return None
    latest = replace(
        state.latest, conclusion=Conclusion.CANCELLED, title=f"Cancelled: {state.latest.title}"
    )
    pages = Pages(report=report)
    told = [
        state_line(replace(state, latest=latest)),
        f"### {CONCLUSION_ICONS[Conclusion.CANCELLED]} Cancelled",
        "The job that ran these Jupyter notebooks was cancelled, or ended before it could say how"
        f" it went. Commit {code(latest.head[:10])}. {full_report(pages)}",
    ]
    return "\n\n".join(told) + "\n" + _earlier(state.earlier, pages)


def is_ours(body: str) -> bool:
    """Whether *body* begins as our comments do; who wrote it is another question."""
    return body.startswith(MARKER)


def _body(review: Review, state: CommentState, pages: Pages, *, commands: bool) -> str:
    start = f"{state_line(state)}\n\n"
    end = _earlier(state.earlier, pages) + (_footer(review) if commands else "")
    page = LimitedPage(LONGEST_BODY - len((start + end).encode()), pages.report)
    page.add(f"{heading(review, 3)}\n{_sentences(review, pages)}\n")
    failed = failures(review)
    add_problem(page, review.problem)
    add_table(
        page,
        review,
        pages.run,
        keep_free=page.room // 2 if failed else 0,
        most=_MOST_ROWS,
    )
    add_failures(page, failed, pages.run, largest=_LARGEST_FAILURE, most=_MOST_FAILURES)
    add_skipped(page, review.skipped, most=_MOST_SKIPPED)
    return start + page.text() + end


def _sentences(review: Review, pages: Pages) -> str:
    said = [introduction(review), whereabouts(review), full_report(pages)]
    return " ".join(sentence for sentence in said if sentence)


def _earlier(results: Sequence[Earlier], pages: Pages) -> str:
    if not results:
        return ""
    lines = "".join(_earlier_line(result, pages) for result in results)
    return f"\n<details><summary>Earlier results</summary>\n\n{lines}\n</details>\n"


def _earlier_line(result: Earlier, pages: Pages) -> str:
    ended = result.conclusion != UNFINISHED
    icon = CONCLUSION_ICONS[Conclusion(result.conclusion) if ended else None]
    commit = f"{code(result.head[:10])}: " if result.head else ""
    told = words(result.title) if ended else f"not finished, {words(result.title)}"
    url = result.url if _on_same_host(result.url, pages.report) else None
    link = f" ({linked('report', url)})" if url else ""
    return f"- {icon} {commit}{told}{link}\n"


def _on_same_host(url: str | None, report: str | None) -> bool:
    """Whether a remembered *url* leads where ours do: who edited the comment may have put it."""
    if url is None or report is None:
        return False
    remembered, ours = urlsplit(url), urlsplit(report)
    return (remembered.scheme, remembered.netloc) == (ours.scheme, ours.netloc)


def _footer(review: Review) -> str:
    if not review.is_over:
        offer = "To stop it, comment `/nbci cancel`"
    elif failures(review):
        offer = "To run what did not pass again, comment `/nbci run failed`"
    else:
        again = "run them again" if review.runs else "try again"
        offer = f"To {again}, comment `/nbci run`"
    return f"\n{offer}; for more, `/nbci help`.\n"
