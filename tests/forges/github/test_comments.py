"""The one comment of a pull request, replies and reactions, with people and reviews in between."""

from __future__ import annotations

import pytest
from building.hosted import Hosted

from bot.errors import Unanswered
from bot.forges.github.api import Refused
from bot.forges.github.comments import ACTIONS_LOGIN
from bot.report.comment import MARKER

LOST = ["500_before", "502_after", "reset_before", "reset_after", "truncated", "html"]
LIST = "/issues/1/comments$"
FIRST = f"{MARKER} -->\nfirst"
SECOND = f"{MARKER} -->\nsecond"


def bodies(hosted: Hosted) -> list[str]:
    return [comment.body for comment in hosted.repository.comments(hosted.pull)]


def test_the_comment_is_made_once_and_then_changed(hosted: Hosted):
    seen = []
    comments = hosted.comments()
    comments.upsert(lambda previous: seen.append(previous) or FIRST)

    comments.upsert(lambda previous: seen.append(previous) or SECOND)

    assert bodies(hosted) == [SECOND]
    assert seen == [None, FIRST]


def test_another_process_finds_the_comment_by_its_marker_on_a_later_page(hosted: Hosted):
    for number in range(230):
        hosted.repository.comment(hosted.pull, f"comment {number}")
    hosted.comments().upsert(lambda _: FIRST)

    hosted.comments().upsert(lambda _: SECOND)

    assert [body for body in bodies(hosted) if body.startswith(MARKER)] == [SECOND]
    assert len(bodies(hosted)) == 231


def test_a_comment_of_somebody_else_that_looks_like_it_is_never_touched(hosted: Hosted):
    hosted.repository.comment(hosted.pull, FIRST, "mallory")

    hosted.comments().upsert(lambda _: SECOND)

    assert bodies(hosted) == [FIRST, SECOND]


def test_a_comment_of_ours_that_is_not_the_living_one_is_never_touched(hosted: Hosted):
    hosted.repository.comment(hosted.pull, "<!-- reply -->\nDone.", ACTIONS_LOGIN)

    hosted.comments().upsert(lambda _: FIRST)

    assert bodies(hosted) == ["<!-- reply -->\nDone.", FIRST]


def test_nothing_is_written_where_nothing_changes(hosted: Hosted):
    comments = hosted.comments()
    comments.upsert(lambda _: FIRST)
    written = len(hosted.written_at)

    comments.upsert(lambda _: FIRST)
    comments.upsert(lambda _: None)

    assert len(hosted.written_at) == written


def test_no_comment_is_made_where_there_is_nothing_to_say(hosted: Hosted):
    hosted.comments().upsert(lambda _: None)

    assert bodies(hosted) == []


def test_a_comment_that_somebody_deleted_is_made_again_once(hosted: Hosted):
    comments = hosted.comments()
    comments.upsert(lambda _: FIRST)
    hosted.repository.all_comments.clear()

    comments.upsert(lambda _: FIRST)
    comments.upsert(lambda _: SECOND)

    assert bodies(hosted) == [SECOND]


def test_a_comment_that_is_deleted_while_it_is_changed_is_made_again(hosted: Hosted):
    comments = hosted.comments()
    comments.upsert(lambda _: FIRST)

    def deleting(request) -> None:
        if request.method == "PATCH":
            hosted.repository.all_comments.clear()

    hosted.github.before_request(deleting)
    comments.upsert(lambda _: SECOND)

    assert bodies(hosted) == [SECOND]


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("times", [1, 4])
def test_one_comment_is_made_however_often_the_answer_is_lost(hosted: Hosted, kind, times):
    hosted.github.fault(kind, method="POST", path=LIST, times=times)

    hosted.comments().upsert(lambda _: FIRST)

    assert bodies(hosted) == [FIRST]


@pytest.mark.parametrize("kind", LOST)
def test_a_change_whose_answer_is_lost_arrives(hosted: Hosted, kind):
    comments = hosted.comments()
    comments.upsert(lambda _: FIRST)
    hosted.github.fault(kind, method="PATCH", times=2)

    comments.upsert(lambda _: SECOND)

    assert bodies(hosted) == [SECOND]


@pytest.mark.parametrize("kind", [None, *LOST])
def test_two_reviews_that_make_it_at_the_same_time_end_with_one_comment(hosted: Hosted, kind):
    other = hosted.comments()
    done = []

    def interfering(request) -> None:
        if request.method == "POST" and request.path.endswith("/comments") and not done:
            done.append(True)
            other.upsert(lambda _: FIRST)

    hosted.github.before_request(interfering)
    if kind:
        hosted.github.fault(kind, method="POST", path=LIST, after=1)
    hosted.comments().upsert(lambda _: SECOND)
    other.upsert(lambda previous: f"{previous} and third")

    assert bodies(hosted) == [f"{SECOND} and third"]


def test_after_giving_up_it_goes_on_where_it_stopped(hosted: Hosted):
    comments = hosted.comments()
    hosted.github.fault("reset_after", path="comments", times=30)
    with pytest.raises(Unanswered):
        comments.upsert(lambda _: FIRST)
    hosted.github.faults.planned.clear()

    comments.upsert(lambda _: SECOND)

    assert bodies(hosted) == [SECOND]


def test_a_person_is_known_by_the_login_of_the_token(hosted: Hosted):
    hosted.repository.add_collaborator("ada", "write")
    token = hosted.github.user_token("ada")
    hosted.comments(token).upsert(lambda _: FIRST)

    hosted.comments(token).upsert(lambda _: SECOND)

    assert bodies(hosted) == [SECOND]


def test_another_app_than_actions_ends_with_one_comment_too(hosted: Hosted):
    token = hosted.github.token(hosted.repository, "our-app[bot]")
    hosted.comments(token).upsert(lambda _: FIRST)

    hosted.comments(token).upsert(lambda _: SECOND)

    assert bodies(hosted) == [SECOND]


def test_a_token_that_may_not_is_refused_with_the_permission(hosted: Hosted):
    token = hosted.github.token(hosted.repository, permissions={"checks": "write"})

    with pytest.raises(Refused, match="`pull-requests: write`"):
        hosted.comments(token).upsert(lambda _: FIRST)


@pytest.mark.parametrize("kind", LOST)
def test_a_reply_is_written_once(hosted: Hosted, kind):
    hosted.github.fault(kind, method="POST", path=LIST, times=2)

    hosted.comments().reply("Done.", "<!-- reply to 5 -->")

    assert bodies(hosted) == ["<!-- reply to 5 -->\nDone."]


@pytest.mark.parametrize("kind", LOST)
def test_a_reaction_is_there_once(hosted: Hosted, kind):
    comment = hosted.repository.comment(hosted.pull, "/nbci run")
    hosted.github.fault(kind, method="POST", path="reactions", times=2)

    hosted.comments().react(comment.id, "eyes")

    assert [item.content for item in hosted.repository.reactions(comment)] == ["eyes"]


def test_a_list_that_comes_without_what_it_lists_makes_no_second_comment(hosted: Hosted):
    hosted.comments().upsert(lambda _: FIRST)
    hosted.github.fault("empty_page", method="GET", path="/comments$")

    hosted.comments().upsert(lambda _: SECOND)

    assert bodies(hosted) == [SECOND]
