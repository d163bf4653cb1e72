"""The values of a review as text for the database, and back.

The text is ASCII: what PostgreSQL's text cannot hold is written as one of JSON's escapes. What a
later version has added is passed over, what an earlier one did not know takes its default.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TypeVar

from pydantic import TypeAdapter

from bot.backends.base import Observation
from bot.model import Review, ReviewRequest, Run, RunResult

_Value = TypeVar("_Value")

_REVIEW = TypeAdapter(Review)
_RUN = TypeAdapter(Run)
_OBSERVATION = TypeAdapter(Observation)
_RESULT = TypeAdapter(RunResult)


def review_text(review: Review) -> str:
    """Return *review* without its runs, which have rows of their own."""
    return _text(_REVIEW, replace(review, runs=()))


def review_from(text: str, runs: tuple[Run, ...]) -> Review:
    """Return the review of `review_text`, with *runs*."""
    return replace(_REVIEW.validate_python(json.loads(text)), runs=runs)


def request_from(text: str) -> ReviewRequest:
    """Return the request of the review of `review_text`."""
    return review_from(text, ()).request


def run_text(run: Run) -> str:
    """Return a run as text."""
    return _text(_RUN, run)


def run_from(text: str) -> Run:
    """Return the run of `run_text`."""
    return _RUN.validate_python(json.loads(text))


def observation_text(observation: Observation) -> str:
    """Return an observation as text."""
    return _text(_OBSERVATION, observation)


def observation_from(text: str) -> Observation:
    """Return the observation of `observation_text`."""
    return _OBSERVATION.validate_python(json.loads(text))


def result_text(result: RunResult) -> str:
    """Return how a run ended as text."""
    return _text(_RESULT, result)


def result_from(text: str) -> RunResult:
    """Return the result of `result_text`."""
    return _RESULT.validate_python(json.loads(text))


def _text(adapter: TypeAdapter[_Value], value: _Value) -> str:
    return json.dumps(adapter.dump_python(value), separators=(",", ":"))
