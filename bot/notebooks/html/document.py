"""The frame of every page of a report: complete, self-contained, without scripts or requests."""

from __future__ import annotations

import functools
import re
from html import escape
from pathlib import Path

# Nothing may be loaded and nothing may run, even should something slip through the sanitiser.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def document(*, title: str, body: str) -> str:
    """Return a page around *body*, which must be safe HTML; *title* is any text."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{text(title)}</title>
<style>
{_stylesheet()}</style>
</head>
<body>
{body}
</body>
</html>
"""


def text(value: str) -> str:
    """Return *value* as HTML text, also fit for a quoted attribute."""
    return escape(fit(value))


def fit(value: str) -> str:
    """Return *value* with the characters that HTML cannot hold replaced by U+FFFD."""
    return _UNFIT.sub("\ufffd", value)


@functools.cache
def _stylesheet() -> str:
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")
