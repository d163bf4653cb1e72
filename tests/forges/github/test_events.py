"""An event of GitHub's is read into typed values, or it is said what is wrong with it."""

import copy
import dataclasses
from datetime import UTC, datetime

import pytest
from fakes.github.webhook_examples import event_names, payloads
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.forges.github.events import (
    CheckRunEvent,
    CheckSuiteEvent,
    CommentEvent,
    DispatchEvent,
    InstallationEvent,
    MergeGroupEvent,
    PullRequest,
    PullRequestEvent,
    PushEvent,
    Repository,
    RepositoryEvent,
    ScheduleEvent,
    UnknownEvent,
    User,
    installation_id_of,
    parse_event,
    pull_request_from,
)

EVENTS = [
    "pull_request",
    "issue_comment",
    "push",
    "merge_group",
    "workflow_dispatch",
    "check_run",
    "check_suite",
    "repository",
]
INSTALLATIONS = ["installation", "installation_repositories"]
EXAMPLES = [
    pytest.param(event, payload, id=f"{event}-{number}")
    for event in EVENTS
    for number, payload in enumerate(payloads(event))
]
# GitHub gives no example of it: it is no webhook.
SCHEDULE = {
    "schedule": "30 5 * * 1",
    "workflow": ".github/workflows/weekly.yml",
    "repository": payloads("push")[0]["repository"],
}
HELLO_WORLD = Repository(
    id=186853002,
    full_name="Codertocat/Hello-World",
    default_branch="master",
    private=False,
    clone_url="https://github.com/Codertocat/Hello-World.git",
)
CODERTOCAT = User(login="Codertocat", id=21031067, is_bot=False)
SIMPLE_TYPES = {str, int, bool, datetime, type(None)}
SHA = "0123456789abcdef0123456789abcdef01234567"


def example(event, action=None):
    return next(payload for payload in payloads(event) if action in (None, payload.get("action")))


def values_of(value):
    """Yield all values that *value* is made of."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from values_of(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from (*value.keys(), *value.values())
    elif isinstance(value, tuple):
        yield from value
    else:
        yield value


@pytest.mark.parametrize(("event", "payload"), EXAMPLES)
def test_every_real_payload_is_read(event, payload):
    parsed = parse_event(event, payload)

    assert parsed.repository.id == payload["repository"]["id"]
    assert getattr(parsed, "action", None) == payload.get("action")
    assert {type(value) for value in values_of(parsed)} <= SIMPLE_TYPES


def test_a_pull_request_is_read():
    parsed = parse_event("pull_request", example("pull_request", "opened"))

    assert parsed == PullRequestEvent(
        action="opened",
        repository=HELLO_WORLD,
        pull_request=PullRequest(
            number=2,
            state="open",
            draft=False,
            merged=False,
            locked=False,
            head_sha="ec26c3e57ca3a959ca5aad62de7213c562f8c821",
            head_ref="changes",
            head_repository_id=186853002,
            head_pushed_at=datetime(2019, 5, 15, 15, 20, 32, tzinfo=UTC),
            base_sha="f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
            base_ref="master",
            base_repository_id=186853002,
            author="Codertocat",
            updated_at=datetime(2019, 5, 15, 15, 20, 33, tzinfo=UTC),
        ),
        sender=CODERTOCAT,
    )
    assert not parsed.pull_request.is_fork


def test_a_pressed_button_is_read():
    parsed = parse_event("check_run", example("check_run", "requested_action"))

    assert isinstance(parsed, CheckRunEvent)
    assert parsed.identifier
    assert parsed.app_id
    assert len(parsed.head_sha) == 40


@pytest.mark.parametrize("event", INSTALLATIONS)
def test_where_the_app_is_installed_is_read(event):
    for payload in payloads(event):
        parsed = parse_event(event, payload)

        assert isinstance(parsed, InstallationEvent)
        assert parsed.installation_id == installation_id_of(payload)
        removed = payload.get("repositories_removed") or []
        assert parsed.removed == tuple(one["id"] for one in removed)


def test_a_check_run_to_be_made_anew_has_no_button_and_may_be_of_a_fork():
    payload = example("check_run", "rerequested")
    payload["check_run"] |= {"pull_requests": [], "external_id": None, "app": None}

    parsed = parse_event("check_run", payload)

    assert isinstance(parsed, CheckRunEvent)
    assert (parsed.action, parsed.identifier) == ("rerequested", None)
    assert (parsed.external_id, parsed.app_id) == ("", None)
    assert parsed.name == payload["check_run"]["name"]


def test_a_check_suite_of_no_branch_is_read():
    payload = example("check_suite", "rerequested")
    payload["check_suite"] |= {"head_branch": None, "before": None, "pull_requests": []}

    parsed = parse_event("check_suite", payload)

    assert isinstance(parsed, CheckSuiteEvent)
    assert parsed.action == "rerequested"
    assert parsed.head_sha == payload["check_suite"]["head_sha"]
    assert parsed.app_id == payload["check_suite"]["app"]["id"]


@pytest.mark.parametrize("action", ["renamed", "transferred", "privatized", "deleted"])
def test_what_became_of_a_repository_is_read(action):
    payload = example("repository") | {"action": action}

    parsed = parse_event("repository", payload)

    assert isinstance(parsed, RepositoryEvent)
    assert parsed.action == action
    assert parsed.repository.id == payload["repository"]["id"]


def test_the_repositories_that_an_app_is_installed_for_are_added_and_those_it_loses_are_not():
    created = parse_event("installation", example("installation", "created"))
    deleted = parse_event("installation", example("installation", "deleted"))

    assert isinstance(created, InstallationEvent)
    assert isinstance(deleted, InstallationEvent)
    assert created.added
    assert deleted.added == ()


def test_an_enterprise_has_a_slug_and_no_login():
    payload = example("installation", "created")
    payload["installation"]["account"] = {"id": 1, "slug": "big", "name": "Big"}

    parsed = parse_event("installation", payload)

    assert isinstance(parsed, InstallationEvent)
    assert parsed.account == "big"


def test_a_webhook_of_a_repository_comes_through_no_installation():
    assert installation_id_of({"action": "opened"}) is None
    assert installation_id_of({"installation": None}) is None
    assert installation_id_of({"installation": {"id": 7}}) == 7
    with pytest.raises(UsageError, match=r"installation\.id of the webhook must be a whole number"):
        installation_id_of({"installation": {"id": "7"}})


def test_a_comment_is_read():
    payload = example("issue_comment", "created")
    payload["issue"]["pull_request"] = {"url": "https://api.github.com/repos/o/r/pulls/1"}

    parsed = parse_event("issue_comment", payload)

    assert parsed == CommentEvent(
        action="created",
        repository=HELLO_WORLD,
        number=1,
        is_pull_request=True,
        is_open=True,
        is_locked=False,
        comment_id=492700400,
        body="You are totally right! I'll get this fixed right away.",
        author=CODERTOCAT,
        sender=CODERTOCAT,
        created_at=datetime(2019, 5, 15, 15, 20, 21, tzinfo=UTC),
        app_slug=None,
    )


def test_a_comment_on_an_issue_that_is_closed_and_locked_says_so():
    payload = example("issue_comment")
    payload["issue"] |= {"state": "closed", "locked": True}

    parsed = parse_event("issue_comment", payload)

    assert (parsed.is_pull_request, parsed.is_open, parsed.is_locked) == (False, False, True)


def test_a_comment_of_an_app_names_the_app_and_its_bot():
    payload = example("issue_comment")
    payload["comment"]["user"] |= {"login": "nbci[bot]", "type": "Bot"}
    payload["comment"]["performed_via_github_app"] = {"id": 1, "slug": "nbci"}

    parsed = parse_event("issue_comment", payload)

    assert parsed.app_slug == "nbci"
    assert parsed.author.is_bot
    assert not parsed.sender.is_bot


def test_who_edits_a_comment_is_told_from_who_wrote_it():
    payload = example("issue_comment", "edited")
    payload["sender"] |= {"login": "somebody-else", "id": 7}

    parsed = parse_event("issue_comment", payload)

    assert parsed.author == CODERTOCAT
    assert parsed.sender == User(login="somebody-else", id=7, is_bot=False)


def test_a_push_is_read():
    payload = example("push")

    assert parse_event("push", payload) == PushEvent(
        repository=HELLO_WORLD,
        ref="refs/tags/simple-tag",
        before="0" * 40,
        after="6113728f27ae82c7b1a177c8d03f9e96e0adf246",
        created=True,
        deleted=False,
    )


def test_a_merge_group_is_read():
    payload = example("merge_group", "checks_requested")

    parsed = parse_event("merge_group", payload)

    group = payload["merge_group"]
    assert isinstance(parsed, MergeGroupEvent)
    assert (parsed.head_sha, parsed.base_sha) == (group["head_sha"], group["base_sha"])
    assert (parsed.head_ref, parsed.base_ref) == (group["head_ref"], group["base_ref"])


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (None, {}),
        ({}, {}),
        (
            {"notebooks": "a.ipynb", "all": True, "jobs": 4, "compute": None},
            {"notebooks": "a.ipynb", "all": "true", "jobs": "4", "compute": ""},
        ),
    ],
)
def test_the_inputs_of_a_workflow_are_text(inputs, expected):
    payload = example("workflow_dispatch") | {"inputs": inputs}

    parsed = parse_event("workflow_dispatch", payload)

    assert isinstance(parsed, DispatchEvent)
    assert parsed.ref == payload["ref"]
    assert parsed.inputs == expected


def test_a_schedule_is_read_with_the_repository_or_without():
    assert parse_event("schedule", SCHEDULE) == ScheduleEvent(
        repository=HELLO_WORLD, schedule="30 5 * * 1"
    )
    assert parse_event("schedule", {"schedule": "30 5 * * 1"}) == ScheduleEvent(
        repository=None, schedule="30 5 * * 1"
    )


@pytest.mark.parametrize(
    ("head", "is_fork"),
    [({"id": 186853002}, False), ({"id": 1}, True), (None, True)],
    ids=["same", "fork", "deleted"],
)
def test_a_pull_request_from_another_repository_is_a_fork(head, is_fork):
    json = example("pull_request")["pull_request"]
    json["head"]["repo"] = head

    assert pull_request_from(json).is_fork is is_fork


def test_what_a_deleted_account_wrote_was_written_by_ghost():
    json = example("pull_request")["pull_request"] | {"user": None}

    assert pull_request_from(json).author == "ghost"


@pytest.mark.parametrize(
    ("given", "merged"),
    [
        ({"merged": True}, True),
        ({"merged_at": None}, False),
        ({"merged_at": "2019-05-15T15:20:33Z"}, True),
        ({}, False),
    ],
)
def test_a_pull_request_of_a_list_says_by_its_time_that_it_is_merged(given, merged):
    json = example("pull_request")["pull_request"]
    json = {key: json[key] for key in json if key not in ("merged", "merged_at")} | given

    assert pull_request_from(json).merged is merged


@pytest.mark.parametrize("sha", [SHA, SHA + "0" * 24])
def test_a_sha_has_the_length_of_either_hash(sha):
    json = example("pull_request")["pull_request"]
    json["head"]["sha"] = sha

    assert pull_request_from(json).head_sha == sha


@pytest.mark.parametrize("sha", ["", "main", SHA[:39], SHA + "0", SHA.upper(), SHA + "\n"])
def test_anything_else_is_no_sha(sha):
    json = example("pull_request")["pull_request"]
    json["head"]["sha"] = sha

    with pytest.raises(
        UsageError, match=r"^head\.sha of the pull request must be the SHA of a com"
    ):
        pull_request_from(json)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"action": None}, "action of the event pull_request must be text, got null"),
        (
            {"repository": []},
            "repository of the event pull_request must be an object, got a list",
        ),
        ({"sender": None}, "sender of the event pull_request must be an object, got null"),
        (
            {"pull_request": {"head": {"repo": None}, "base": {}, "number": True}},
            "pull_request.number of the event pull_request must be a whole number, got true",
        ),
        (
            {"pull_request": {"head": {}, "base": {}}},
            "pull_request.head.repo of the event pull_request must be an object, and is missing",
        ),
        (
            {"repository": {"id": "1\u202e"}},
            r"repository.id of the event pull_request must be a whole number,"
            r" got the text '1\u202e'",
        ),
    ],
)
def test_a_payload_that_is_none_of_githubs_is_explained(change, message):
    with pytest.raises(UsageError) as caught:
        parse_event("pull_request", example("pull_request") | change)

    assert str(caught.value) == message


@pytest.mark.parametrize("time", ["yesterday", "2019-05-15T15:20:21", "2019-13-15T15:20:21Z"])
def test_a_time_has_a_time_zone(time):
    payload = example("issue_comment")
    payload["comment"]["created_at"] = time

    with pytest.raises(UsageError, match=r"comment\.created_at of the event issue_comment must be"):
        parse_event("issue_comment", payload)


@pytest.mark.parametrize("json", [None, [], "text", 1, True])
def test_a_payload_is_an_object(json):
    with pytest.raises(UsageError, match="the event push must be an object"):
        parse_event("push", json)
    with pytest.raises(UsageError, match="the pull request must be an object"):
        pull_request_from(json)


@pytest.mark.parametrize(
    "event", [*sorted({*event_names()} - {*EVENTS, *INSTALLATIONS}), "", "push\n"]
)
def test_an_event_that_nothing_is_done_about_is_told_from_a_wrong_one(event):
    with pytest.raises(UnknownEvent) as caught:
        parse_event(event, {})

    assert "\n" not in str(caught.value)
    assert "it does on pull_request, issue_comment, push, " in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
REMOVED = object()


def change_somewhere(json, data):
    """Remove or replace one value at most four keys deep."""
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [value for value in json.values() if isinstance(value, dict) and value]
        if not inner:
            break
        json = data.draw(st.sampled_from(inner))
    if json:
        key = data.draw(st.sampled_from(sorted(json)))
        value = data.draw(st.just(REMOVED) | JSON)
        json[key] = value
        if value is REMOVED:
            del json[key]


def read(event, payload):
    try:
        return parse_event(event, payload)
    except UsageError as error:
        return error


@pytest.mark.parametrize("event", [*EVENTS, *INSTALLATIONS, "schedule"])
@given(data=st.data())
def test_a_damaged_payload_is_read_or_explained(event, data):
    examples = [copy.deepcopy(SCHEDULE)] if event == "schedule" else payloads(event)
    payload = data.draw(st.sampled_from(examples))
    for _ in range(data.draw(st.integers(1, 4))):
        change_somewhere(payload, data)

    found = read(event, payload)

    if isinstance(found, UsageError):
        assert f"of the event {event} must be " in str(found)
    else:
        assert {type(value) for value in values_of(found)} <= SIMPLE_TYPES


@given(st.dictionaries(st.text(max_size=5), JSON) | JSON)
def test_any_json_in_place_of_a_pull_request_is_explained(json):
    with pytest.raises(UsageError, match=r"of the pull request must be|^the pull request must be"):
        pull_request_from(json)
