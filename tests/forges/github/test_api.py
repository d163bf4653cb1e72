"""Requests and what may come of them, against GitHub's fake and against answers written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from building.hosted import FakeClock, Hosted
from building.scripted_http import Scripted, scripted_server

from bot.errors import TryLater, Unanswered
from bot.forges.github.api import LONGEST_PERSISTENCE, Api, Refused

PATH = "/repos/octo/science"
BROKEN = [
    "500_before",
    "502_before",
    "503_before",
    "502_after",
    "reset_before",
    "reset_after",
    "truncated",
    "html",
]
TOKEN = "ghs_secret"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted_server() as script:
        yield script


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def api(server: Scripted, clock: FakeClock) -> Api:
    return Api(f"{server.url}/api/v3", TOKEN, clock=clock, sleep=clock.sleep)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_read_without_an_answer_is_asked_again(hosted: Hosted, kind):
    hosted.github.fault(kind, times=4)

    found = hosted.api().get(PATH)

    assert found["full_name"] == "octo/science"
    assert len(hosted.github.requests) == 5
    assert sum(hosted.clock.slept) < 10


@pytest.mark.parametrize("kind", BROKEN)
def test_a_read_is_given_up_after_five_attempts(hosted: Hosted, kind):
    hosted.github.fault(kind, times=99)

    with pytest.raises(Unanswered, match="GET /repos/octo/science: "):
        hosted.api().get(PATH)

    assert len(hosted.github.requests) == 5


@pytest.mark.parametrize("kind", BROKEN)
def test_a_write_without_an_answer_is_sent_once(hosted: Hosted, kind):
    hosted.github.fault(kind, times=99)

    with pytest.raises(Unanswered):
        hosted.api().write("POST", f"{PATH}/issues/1/comments", {"body": "Hello"})

    assert len(hosted.github.requests) == 1


def test_steps_within_steps_are_not_tried_for_minutes(api: Api, server: Scripted, clock):
    server.answer(502, "")
    began = clock.now

    with pytest.raises(Unanswered, match="HTTP 502"):
        api.persist(lambda: api.get("/x"))

    assert clock.now - began <= LONGEST_PERSISTENCE + 3
    assert len(server.asked) <= 25


@pytest.mark.parametrize(
    "body",
    [
        "<html>We had issues</html>",
        '{"message": ',
        "[" * 100_000,
        "[1]",
        '"text"',
        "null",
        "",
        "\udc00",
    ],
)
@pytest.mark.parametrize("status", [200, 201])
def test_what_is_no_object_is_no_answer(api: Api, server: Scripted, status, body):
    server.answers.append((status, {}, body.encode("utf-8", "surrogatepass")))

    with pytest.raises(Unanswered):
        api.write("POST", "/x", {})


@pytest.mark.parametrize("body", [{"message": "no list"}, [1, 2], {"items": 5}, [None]])
def test_what_is_no_list_of_objects_is_no_answer(api: Api, server: Scripted, body):
    server.answer(200, body)

    with pytest.raises(Unanswered):
        list(api.pages("/x"))


def test_an_error_whose_body_is_no_object_is_told_by_its_status(api: Api, server: Scripted):
    server.answer(422, "<html>")

    with pytest.raises(Refused, match="HTTP 422: no reason given") as caught:
        api.write("POST", "/x", {})

    assert caught.value.status == 422


def test_an_object_whose_only_key_is_data_is_an_answer(api: Api, server: Scripted):
    server.answer(200, {"data": 1})

    assert api.get("/x") == {"data": 1}


def test_a_primary_limit_is_over_when_github_says(api: Api, server: Scripted, clock):
    server.answer(
        403,
        {"message": "API rate limit exceeded"},
        X_RateLimit_Remaining="0",
        X_RateLimit_Reset=str(int(clock.now) + 1234),
    )

    with pytest.raises(TryLater, match="rate limit") as caught:
        api.get("/x")

    assert caught.value.at == clock.now + 1234
    assert len(server.asked) == 1
    assert clock.slept == []


def test_a_limit_is_counted_from_githubs_clock_and_not_from_ours(api: Api, server: Scripted, clock):
    theirs = clock.now - 3600
    server.answer(
        403,
        {"message": "API rate limit exceeded"},
        Date=formatdate(theirs, usegmt=True),
        X_RateLimit_Remaining="0",
        X_RateLimit_Reset=str(int(theirs) + 60),
    )

    with pytest.raises(TryLater) as caught:
        api.get("/x")

    assert caught.value.at == clock.now + 60


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("90", 90), ("DATE", 300), (None, 60), ("soon", 60), ("-5", 1)]
)
def test_a_secondary_limit_is_over_after_what_the_header_says_or_a_minute(
    api: Api, server: Scripted, clock, status, retry_after, seconds
):
    if retry_after == "DATE":
        retry_after = formatdate(clock.now + 300, usegmt=True)
    headers = {"Retry_After": retry_after} if retry_after else {}
    server.answer(status, {"message": "You have exceeded a secondary rate limit"}, **headers)

    with pytest.raises(TryLater) as caught:
        api.write("POST", "/x", {})

    assert caught.value.at == pytest.approx(clock.now + seconds)
    assert len(server.asked) == 1


def test_a_token_that_github_does_not_know_yet_is_tried_once_more(hosted: Hosted):
    hosted.github.fault("unauthorized")

    assert hosted.api().get(PATH)["full_name"] == "octo/science"


def test_a_token_that_is_not_valid_any_longer_is_said_to_be(hosted: Hosted):
    hosted.github.expire(hosted.token)

    with pytest.raises(Refused, match="the token is not valid, or no longer") as caught:
        hosted.api().get(PATH)

    assert caught.value.status == 401
    assert len(hosted.github.requests) == 2


def test_a_refusal_names_the_permission_that_is_missing(hosted: Hosted):
    token = hosted.github.token(hosted.repository, permissions={})

    with pytest.raises(Refused) as caught:
        hosted.api(token).write("POST", f"{PATH}/issues/1/comments", {"body": "Hello"})

    needed = "`issues: write` or `pull-requests: write`"
    assert str(caught.value).endswith(f"; the token needs the permission {needed}")


def test_a_refusal_tells_the_details_of_what_is_wrong_in_one_line(api: Api, server: Scripted):
    server.answer(422, {"message": "Validation\nFailed", "errors": [{"code": "odd\x1b[2J"}]})

    with pytest.raises(Refused) as caught:
        api.write("POST", "/x", {})

    assert "Validation\\nFailed" in str(caught.value)
    assert "odd" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500])
def test_the_token_is_in_no_error_and_in_no_repr(api: Api, server: Scripted, status):
    server.answer(status, {"message": "no"})

    with pytest.raises((Refused, Unanswered)) as caught:
        api.write("POST", "/x", {})

    assert server.headers[0]["authorization"] == f"Bearer {TOKEN}"
    seen = f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {api!r}"
    assert TOKEN not in seen


def test_a_server_that_is_not_there_is_no_answer_and_named_without_its_token():
    clock = FakeClock()
    api = Api("http://127.0.0.1:9/api/v3", TOKEN, clock=clock, sleep=clock.sleep)

    with pytest.raises(Unanswered) as caught:
        api.get("/x")

    assert str(caught.value) == "GET /x: the connection failed (ConnectionError)"


def test_a_list_is_read_page_after_page(hosted: Hosted):
    for number in range(201):
        hosted.repository.comment(hosted.pull, f"comment {number}")

    found = list(hosted.api().pages(f"{PATH}/issues/1/comments"))

    assert [item["body"] for item in found] == [f"comment {number}" for number in range(201)]
    assert len(hosted.github.requests) == 3


def test_a_list_of_exactly_one_page_ends_with_an_empty_one(api: Api, server: Scripted):
    server.answer(200, [{"id": number} for number in range(100)])
    server.answer(200, [])

    assert len(list(api.pages("/x"))) == 100


def test_pages_that_repeat_themselves_are_not_read_for_ever(api: Api, server: Scripted):
    server.answer(200, [{"id": number} for number in range(100)])

    with pytest.raises(Unanswered, match="page 2 is the one before once more"):
        list(api.pages("/x"))


def test_a_list_without_an_end_is_given_up(api: Api, server: Scripted):
    for page in range(102):
        server.answer(200, [{"id": 100 * page + number} for number in range(100)])

    with pytest.raises(Unanswered, match="more than 100 pages"):
        list(api.pages("/x"))

    assert len(server.asked) == 100


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_path_of_an_enterprise_server_stands_before_every_path(
    server: Scripted, clock: FakeClock, slash
):
    server.answer(200, {"id": 1})

    Api(f"{server.url}/ghe/api/v3{slash}", TOKEN, clock=clock, sleep=clock.sleep).get(
        "/repos/a/b", {"per_page": 1}
    )

    assert server.asked == [("GET", "/ghe/api/v3/repos/a/b?per_page=1")]


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_renamed_repository_is_followed_to_where_it_is(api: Api, server: Scripted, status):
    place = f"{server.url}/api/v3/repositories/7"
    server.answer(status, {"message": "Moved", "url": place}, Location=place)
    server.answer(200, {"id": 7})

    assert api.get("/repos/old/name") == {"id": 7}
    assert server.asked[-1] == ("GET", "/api/v3/repositories/7")


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_write_to_a_renamed_repository_is_sent_again_as_it_was(
    api: Api, server: Scripted, status
):
    place = f"{server.url}/api/v3/repositories/7/check-runs"
    server.answer(status, {"message": "Moved", "url": place}, Location=place)
    server.answer(201, {"id": 7})

    assert api.write("POST", "/repos/old/name/check-runs", {"name": "x"}) == {"id": 7}
    assert server.asked[-1] == ("POST", "/api/v3/repositories/7/check-runs")
    assert [json.loads(body) for body in server.bodies] == [{"name": "x"}, {"name": "x"}]


@pytest.mark.parametrize("status", [301, 307])
def test_the_token_follows_a_redirect_to_no_other_host(api: Api, server: Scripted, status):
    with scripted_server() as other:
        other.answer(200, {"id": 7})
        place = other.url.replace("127.0.0.1", "localhost")
        server.answer(status, {}, Location=f"{place}/api/v3/repositories/7")

        with pytest.raises(Unanswered, match="leads elsewhere"):
            api.write("POST", "/repos/old/name", {})

        assert other.asked == []


@pytest.mark.parametrize("status", [301, 307])
def test_redirects_in_a_circle_are_not_followed_for_ever(api: Api, server: Scripted, status):
    server.answer(status, {}, Location=f"{server.url}/api/v3/x")

    with pytest.raises((Refused, Unanswered), match="leads elsewhere"):
        api.write("POST", "/x", {})


def test_writes_are_told_and_reads_are_not(hosted: Hosted):
    api = hosted.api()

    api.get(PATH)
    api.write("POST", f"{PATH}/issues/1/comments", {"body": "Hello"})

    assert len(hosted.github.requests) == 2
    assert len(hosted.written_at) == 1
