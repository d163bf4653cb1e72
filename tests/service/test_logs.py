"""What the log has, and what it never has."""

from __future__ import annotations

import base64
import io
import json
import logging
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.service.logs import MASK, SecretFilter, start_log

SECRET = "It's a Secret to Everybody/+="
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234\n5678abcdEFGH\n"
    "-----END RSA PRIVATE KEY-----"
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    start_log("info", [SECRET, PEM], written)
    yield written
    root.handlers[:], root.level = handlers, level
    structlog.contextvars.clear_contextvars()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_thing_that_happened_is_a_line_of_json(stream):
    logging.getLogger("bot.service.webhooks").info("accepted %s", "pull_request")

    (line,) = lines(stream)
    assert (line["event"], line["level"]) == ("accepted pull_request", "info")
    assert line["logger"] == "bot.service.webhooks"
    assert str(line["timestamp"]).endswith("Z")


def test_ids_that_are_bound_are_on_each_line(stream):
    with structlog.contextvars.bound_contextvars(delivery="abc", review=7):
        logging.getLogger("bot").info("one")
    logging.getLogger("bot").info("two")

    one, two = lines(stream)
    assert (one["delivery"], one["review"]) == ("abc", 7)
    assert "delivery" not in two


def test_what_a_line_is_about_stands_beside_its_text(stream):
    logging.getLogger("bot").info("accepted", extra={"delivery": f"a {SECRET}", "milliseconds": 3})

    (line,) = lines(stream)
    assert (line["delivery"], line["milliseconds"]) == ("a ***", 3)


def test_an_error_has_its_traceback_on_the_same_line(stream):
    try:
        int(f"wrong: {SECRET}")
    except ValueError:
        logging.getLogger("bot").exception("internal error")

    (line,) = lines(stream)
    assert "ValueError" in str(line["exception"])
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        PEM,
        PEM.splitlines()[1],
    ],
)
def test_a_known_secret_is_in_no_line_in_no_form(stream, form):
    logging.getLogger("bot").info("before %s after", form)

    (line,) = lines(stream)
    assert form not in stream.getvalue()
    assert line["event"] == f"before {MASK} after"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ghs_abcdefghijklmnop0123456789", ""),
        ("github_pat_11ABCDEFG0abcdefghijkl", ""),
        ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJlLi4u", ""),
        ("Authorization: Bearer 0123456789abcdef0123", "Authorization: Bearer "),
        ("postgresql://nbci:pa55word@db/nbci", "postgresql://"),
        ("https://x.blob.core.windows.net/c?sv=1&sig=abc%2Fdef", "https://x.blob"),
        ("host=db password=pa55word user=nbci", "host=db password="),
        ("-----BEGIN PRIVATE KEY-----\nabc\ndef", ""),
    ],
)
def test_what_looks_like_a_secret_is_taken_for_one(text, left):
    masked = SecretFilter([]).masked(text)

    assert masked.startswith(left)
    assert MASK in masked
    assert "pa55word" not in masked
    assert "abc%2F" not in masked


UNCAUGHT = textwrap.dedent("""
    import logging, sys, threading, warnings
    from bot.service.logs import log_uncaught, start_log

    def fail():
        raise RuntimeError("no postgresql://nbci:s3cret-pw@db")

    class Careless:
        def __del__(self):
            fail()

    start_log("info", ["s3cret-pw"])
    log_uncaught()
    {what}
""")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("fail()", "internal error"),
        ("thread = threading.Thread(target=fail); thread.start(); thread.join()", "internal error"),
        ("careless = Careless(); del careless", "internal error"),
        ("warnings.warn('s3cret-pw')", "UserWarning: ***"),
        ("logging.getLogger('bot').info('%d', 's3cret-pw')", "could not be written: TypeError"),
    ],
)
def test_what_python_would_write_itself_goes_through_the_log_without_secrets(what, said):
    done = subprocess.run(
        [sys.executable, "-c", UNCAUGHT.format(what=what)],
        capture_output=True,
        text=True,
        check=False,
    )

    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert said in line["event"]
    assert "s3cret-pw" not in done.stderr
    assert done.returncode == (1 if what == "fail()" else 0)


def test_ordinary_text_stays_as_it_is():
    text = "review 7 waits: POST /repos/o/r/check-runs: HTTP 502, token of 40 characters"

    assert SecretFilter(["s3cret-value"]).masked(text) == text


@given(
    secret=st.text(min_size=6, max_size=60), before=st.text(max_size=9), after=st.text(max_size=9)
)
def test_no_known_secret_survives_whatever_it_is_made_of(secret, before, after):
    masked = SecretFilter([secret]).masked(before + secret + after)

    stripped = secret.strip()
    assert len(stripped) < 6 or stripped.startswith("-----") or stripped not in masked
