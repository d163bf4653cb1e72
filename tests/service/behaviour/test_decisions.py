"""What is decided about the reviews of a pull request, for every state that it can be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from bot.forges.github.events import PullRequest
from bot.model import Conclusion, Problem, Review, ReviewRequest
from bot.review import given_up
from bot.service.pulls import WAITS, GiveUp, Start, asked_by, decide
from bot.service.store import ReviewRow

PULL = PullRequest(
    number=1,
    state="open",
    draft=False,
    merged=False,
    locked=False,
    head_sha="a" * 40,
    head_ref="feature",
    head_repository_id=1,
    head_pushed_at=None,
    base_sha="0" * 40,
    base_ref="main",
    base_repository_id=1,
    author="octocat",
)


@dataclass
class Life:
    """A pull request and its reviews, as GitHub, the bot and people change them."""

    pull: PullRequest = PULL
    approved: set[tuple[str, str]] = field(default_factory=set)
    reviews: list[ReviewRow] = field(default_factory=list)

    def look(self) -> list[object]:
        """Bring the reviews in line, and return the steps that it took."""
        steps = list(decide(self.pull, self.reviews[::-1], is_approved=self.is_approved))
        for step in steps:
            match step:
                case GiveUp(review_id, reason):
                    self._change(review_id, cancel_reason=reason)
                case Start():
                    self._start()
        return list(steps)

    @property
    def is_approved(self) -> bool:
        return (self.pull.head_sha, self.pull.base_ref) in self.approved

    def do(self, what: str) -> None:
        """Have something happen: a state of the pull request by its words, or to its reviews."""
        kind, _, value = what.partition(" ")
        match kind:
            case "push":
                self.pull = replace(self.pull, head_sha=value * 40)
            case "retarget":
                self.pull = replace(self.pull, base_ref=value)
            case "close" | "reopen":
                self.pull = replace(self.pull, state="open" if kind == "reopen" else "closed")
            case "approve":
                self.approved = {(self.pull.head_sha, self.pull.base_ref)}
            case "look":
                self.look()
            case _:
                self._to_each_open(kind)

    def _to_each_open(self, kind: str) -> None:
        for row in self.reviews:
            if kind == "settle" and row.cancel_reason and not row.is_over:
                ended = row.review
                if ended.problem is None:
                    ended = given_up(replace(ended, cancelled=row.cancel_reason))
                self._change(row.id, is_over=True, review=ended)
            elif kind == "finish" and row.is_open:
                self._change(row.id, is_over=True, review=replace(row.review, planned=True))
            elif kind == "cancel" and row.is_open:
                self._change(row.id, cancel_reason=asked_by("maria"))

    def _change(self, review_id: int, **values: object) -> None:
        self.reviews[review_id] = replace(self.reviews[review_id], **values)  # type: ignore[arg-type]

    def _start(self) -> None:
        pull = self.pull
        waits = pull.is_fork and not self.is_approved
        problem = Problem(conclusion=Conclusion.ACTION_REQUIRED, title=WAITS) if waits else None
        request = ReviewRequest(repository="r", ref="refs/pull/1", head=pull.head_sha)
        row = ReviewRow(
            id=len(self.reviews),
            repository_id=1,
            installation_id=1,
            number=1,
            ref=request.ref,
            head_sha=pull.head_sha,
            base_ref=pull.base_ref,
            cause=str(len(self.reviews)),
            attempt=1,
            version=0,
            is_over=False,
            cancel_reason=None,
            shown="",
            is_shown=False,
            failures=0,
            error="",
            page_key="",
            began=0.0,
            review=Review(request=request, problem=problem),
        )
        self.reviews.append(row)


WHAT = st.sampled_from(
    [
        *(f"push {head}" for head in "abc"),
        *(f"retarget {base}" for base in ("main", "other")),
        *("close", "reopen", "look", "look", "settle", "finish", "cancel", "approve"),
    ]
)


def lived(happenings: Sequence[str], *, is_fork: bool) -> Life:
    life = Life(pull=replace(PULL, head_repository_id=2 if is_fork else 1))
    for what in happenings:
        life.do(what)
    life.look()
    return life


@given(st.lists(WHAT, max_size=25), st.booleans())
def test_to_look_twice_is_to_look_once(happenings: list[str], is_fork: bool) -> None:
    life = lived(happenings, is_fork=is_fork)

    assert life.look() == []


@given(st.lists(WHAT, max_size=25), st.booleans())
def test_only_the_head_of_an_open_pull_request_is_reviewed(
    happenings: list[str], is_fork: bool
) -> None:
    life = lived(happenings, is_fork=is_fork)
    going_on = [row for row in life.reviews if row.is_open]

    assert sum(row.review.problem is None for row in going_on) <= 1
    for row in going_on:
        assert life.pull.state == "open"
        assert (row.head_sha, row.base_ref) == (life.pull.head_sha, life.pull.base_ref)


@given(st.lists(WHAT, max_size=25), st.booleans())
def test_an_open_pull_request_is_never_without_a_result_to_come(
    happenings: list[str], is_fork: bool
) -> None:
    """Its head is being reviewed, or has a result, or somebody has cancelled it."""
    life = lived([*happenings, "reopen"], is_fork=is_fork)
    of_head = [
        row
        for row in life.reviews
        if (row.head_sha, row.base_ref) == (life.pull.head_sha, life.pull.base_ref)
    ]

    newest = of_head[-1]
    was_cancelled = newest.cancel_reason == asked_by("maria")
    has_result = newest.is_over and not newest.review.was_cut_short
    has_problem = newest.review.problem is not None
    assert newest.is_open or has_result or was_cancelled or has_problem


@given(st.lists(WHAT, max_size=25))
def test_what_was_not_approved_of_a_fork_has_nothing_to_run(happenings: list[str]) -> None:
    life = Life(pull=replace(PULL, head_repository_id=2))
    was_approved = set()
    for what in happenings:
        life.do(what)
        was_approved |= life.approved
    life.look()

    for row in life.reviews:
        is_approved = (row.head_sha, row.base_ref) in was_approved
        assert row.review.problem is not None or is_approved


@given(st.lists(WHAT, max_size=25))
def test_an_approved_commit_of_a_fork_does_not_wait(happenings: list[str]) -> None:
    life = lived([*happenings, "reopen", "look", "settle", "approve"], is_fork=True)
    of_head = [
        row
        for row in life.reviews
        if (row.head_sha, row.base_ref) == (life.pull.head_sha, life.pull.base_ref)
    ]

    assert of_head[-1].review.problem is None


@given(st.lists(WHAT, max_size=12), st.lists(WHAT, max_size=12))
def test_webhooks_that_come_while_things_happen_change_nothing_in_the_end(
    before: list[str], after: list[str]
) -> None:
    """However often somebody looks in between, the same goes on in the end."""
    happenings = [what for what in (*before, *after) if what not in ("finish", "cancel")]
    often = [part for what in happenings for part in (what, "look", "look")]
    seldom = [what for what in happenings if what != "look"]

    going_on = [
        [(row.head_sha, row.base_ref) for row in life.reviews if row.is_open]
        for life in (lived(often, is_fork=False), lived(seldom, is_fork=False))
    ]
    assert going_on[0] == going_on[1]
