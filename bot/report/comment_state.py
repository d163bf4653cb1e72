"""What the comment remembers of itself: which head it tells of, since when, and what came before.

The comment is the only place there is for it, and people can edit comments: what is read back is
believed as far as it has the right shape, and then shown as foreign text is.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from bot.model import Conclusion, JsonValue, printable
from bot.report.hidden import hidden, read_hidden
from bot.report.wording import clipped

MOST_EARLIER = 10
UNFINISHED = "unfinished"

_FORMAT = 1
_LONGEST_TITLE = 120
_LONGEST_URL = 500
_LONGEST_REVIEW = 30 * 24 * 3600.0
"""Seconds beyond which no review that began later than ours is believed in."""

_HEAD = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?|")
_URL = re.compile(r"https?://[\w.-]+(?::\d+)?(?:[/?#][\w/?#=&%.~:+,;@-]*)?", re.ASCII)
_CONCLUSIONS = {*(conclusion.value for conclusion in Conclusion), UNFINISHED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """How the review of one head went; `conclusion` is `unfinished` where there was none."""

    head: str
    title: str
    conclusion: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentState:
    """What a comment tells: the result of the review that began at `started`, and earlier ones."""

    started: float
    latest: Earlier
    earlier: tuple[Earlier, ...] = ()


def state_line(state: CommentState) -> str:
    """Return *state* as the first line of a comment, for `read_state`."""
    value: dict[str, JsonValue] = {
        "format": _FORMAT,
        "started": _rounded(state.started),
        **_remembered(state.latest),
        "earlier": [_remembered(result) for result in state.earlier[:MOST_EARLIER]],
    }
    return hidden(value)


def read_state(body: str | None, now: float) -> CommentState | None:
    """Return what the comment *body* remembers, None where that has not the shape it should have.

    Nor is it believed that a review began long after *now*: such a comment could never be replaced.
    """
    value = read_hidden((body or "").partition("\n")[0])
    if value is None or value.get("format") != _FORMAT:
        return None
    started, latest = value.get("started"), _believed(value)
    if not isinstance(started, int | float) or latest is None:
        return None
    if not 0 <= started <= now + _LONGEST_REVIEW:
        return None
    listed = value.get("earlier")
    believed = map(_believed, listed[:MOST_EARLIER]) if isinstance(listed, list) else ()
    return CommentState(
        started=started,
        latest=latest,
        earlier=tuple(result for result in believed if result is not None),
    )


def after(state: CommentState | None, started: float, latest: Earlier) -> CommentState:
    """Return the state once *latest* is told: what another review said is now an earlier result.

    One of the same head stays too, for it may have run other notebooks, unless it never ended.
    """
    results = (state.latest, *state.earlier) if state else ()
    if state and state.started == _rounded(started):
        results = state.earlier
    earlier = tuple(
        result
        for result in results
        if result.head != latest.head or result.conclusion != UNFINISHED
    )
    return CommentState(started=started, latest=latest, earlier=earlier[:MOST_EARLIER])


def began_later(state: CommentState, started: float) -> bool:
    """Whether *state* tells of a review that began after *started*."""
    return state.started > _rounded(started)


def _rounded(started: float) -> float:
    return round(max(started, 0.0), 3)


def _remembered(result: Earlier) -> dict[str, JsonValue]:
    """Return *result* as it is kept, without what would not be believed when it is read."""
    kept = {**asdict(result), "title": clipped(result.title, _LONGEST_TITLE)}
    return {**kept, "url": _believed_url(result.url)}


def _believed(value: JsonValue) -> Earlier | None:
    if not isinstance(value, dict):
        return None
    head, title, conclusion = (value.get(key) for key in ("head", "title", "conclusion"))
    if not isinstance(head, str) or not isinstance(title, str) or not isinstance(conclusion, str):
        return None
    if not _HEAD.fullmatch(head) or conclusion not in _CONCLUSIONS:
        return None
    return Earlier(
        head=head,
        title=clipped(printable(title), _LONGEST_TITLE),
        conclusion=conclusion,
        url=_believed_url(value.get("url")),
    )


def _believed_url(url: JsonValue) -> str | None:
    good = isinstance(url, str) and len(url) <= _LONGEST_URL and _URL.fullmatch(url)
    return url if isinstance(url, str) and good else None
