"""What the step says to the runner: in its log, and in the files the runner reads afterwards.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.report.check_run import Annotation

MOST_ANNOTATIONS = 10
"""Annotations of a kind that GitHub keeps of one step."""

_LONGEST_MESSAGE = 4_000


def say(text: str) -> None:
    """Print a line of our own words in the log."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def mask(secret: str) -> None:
    """Have the runner hide *secret* wherever it appears in the log."""
    if secret.strip():
        say(f"::add-mask::{_data(secret)}")


def error(message: str, *, title: str = "nbci") -> None:
    """Show *message* as an error of the whole step."""
    say(f"::error title={_property(title)}::{_data(message)}")


def warning(message: str, *, title: str = "nbci") -> None:
    """Show *message* as a warning of the whole step."""
    say(f"::warning title={_property(title)}::{_data(message)}")


def annotate(annotation: Annotation) -> None:
    """Show *annotation* on its line of a file."""
    command = {"failure": "error", "warning": "warning", "notice": "notice"}[annotation.level]
    where = f"file={_property(annotation.path)},line={annotation.line}"
    message = annotation.message[:_LONGEST_MESSAGE]
    say(f"::{command} {where},title={_property(annotation.title)}::{_data(message)}")


@contextlib.contextmanager
def group(title: str) -> Iterator[None]:
    """Fold what is printed meanwhile under *title*."""
    say(f"::group::{_data(title)}")
    try:
        yield
    finally:
        say("::endgroup::")


@contextlib.contextmanager
def inert() -> Iterator[None]:
    """Have the runner obey nothing that is printed meanwhile: it may be a notebook's."""
    token = secrets.token_hex(16)
    say(f"::stop-commands::{token}")
    try:
        yield
    finally:
        sys.stdout.flush()
        say(f"::{token}::")


def set_outputs(file: Path | None, outputs: Mapping[str, str]) -> None:
    """Set outputs of the step."""
    if file is None:
        return
    with file.open("a", encoding="utf-8") as target:
        for name, value in outputs.items():
            # A fixed delimiter would let a value end early and set outputs of its own.
            delimiter = secrets.token_hex(16)
            target.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def add_summary(file: Path | None, markdown: str) -> None:
    """Add *markdown* to the summary of the job."""
    if file is not None:
        with file.open("a", encoding="utf-8") as target:
            target.write(f"{markdown}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
