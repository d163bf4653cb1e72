"""The bodies of requests: bounded, and JSON only."""

from __future__ import annotations

import json
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType


def read_body(limit: int) -> bytes:
    """Return the bytes of the request's body, however it is sent.

    Raises RequestEntityTooLarge beyond *limit* bytes, without reading further, and BadRequest where
    it ends early.
    """
    announced = request.content_length or 0
    request.max_content_length = limit + 1  # of what comes in chunks no more than that is read
    body = request.get_data(cache=False) if announced <= limit else b""
    if max(announced, len(body)) > limit:
        raise RequestEntityTooLarge
    if len(body) < announced:
        raise BadRequest("malformed body: it is shorter than its Content-Length")
    return body


def check_content_type(advice: str) -> None:
    """Raise UnsupportedMediaType unless the body is JSON as it is; *advice* says how to mend it."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(f"expected the content type application/json; {advice}")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("expected a body that is not compressed")


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that *body* is; raises BadRequest where it is anything else."""
    try:
        value = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadRequest("malformed body: it is not UTF-8") from None
    except RecursionError:
        raise BadRequest("malformed body: its JSON is nested too deeply") from None
    except ValueError:
        raise BadRequest("malformed body: it is not JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("malformed body: expected a JSON object")
    return value
