"""The reports of reviews, as they lie in their folders: pages that can do nothing but be looked at.

Whoever has the link may look: its page key is the capability, and nothing lists them.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import BinaryIO

from flask import Response, request, send_file
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter

from bot.service.web import Web

_PAGE_KEY = re.compile(rb"[A-Za-z0-9_-]{22,100}")  # of 128 random bits or more

_SUFFIX = re.compile(rb"[^/](\.[a-z]+)\Z")
_TYPES = {
    b".html": "text/html",
    b".ipynb": "application/x-ipynb+json",
    b".json": "application/json",
    b".md": "text/markdown",
}

# The pages need no more, see bot/notebooks/html/document.py; the sandbox takes their origin away.
_HEADERS = {
    "Content-Security-Policy": (
        "sandbox allow-downloads; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


class AnyPath(BaseConverter):
    """A part of a URL's path that may hold anything, also a line break in the name of a file."""

    part_isolating = False
    regex = "(?s:.+)"


@dataclass(frozen=True, slots=True)
class Reports:
    """The view that shows what reviews have left."""

    web: Web

    def show(self, path: str) -> Response:
        """Return a file of a report; raises NotFound for anything that is none."""
        del path  # decoded, which the names of files need not survive
        raw = request.environ["PATH_INFO"].encode("latin-1").removeprefix(b"/reports/")
        suffix = _SUFFIX.search(raw)
        kind = suffix and _TYPES.get(suffix[1])
        if not kind:
            raise NotFound
        is_notebook = raw.endswith(b".ipynb")
        file = self._opened(raw.split(b"/"))
        state = os.fstat(file.fileno())
        response = send_file(
            file,
            mimetype=kind,
            as_attachment=is_notebook,
            download_name=_printable(raw.rpartition(b"/")[2]) if is_notebook else None,
            etag=f"{state.st_mtime_ns:x}-{state.st_size:x}",
            last_modified=state.st_mtime,
        )
        if response.status_code != 304:
            response.content_length = state.st_size
        response.headers.update(_HEADERS)
        return response

    def _opened(self, parts: list[bytes]) -> BinaryIO:
        """Return a file below the reports, reached without passing through any link."""
        key, *names = parts
        if not _PAGE_KEY.fullmatch(key) or not all(_is_plain(name) for name in names):
            raise NotFound
        folder = -1
        try:
            folder = os.open(self.web.reports, os.O_RDONLY | os.O_DIRECTORY)
            for name in parts[:-1]:
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            # Not to wait for who writes to a pipe of this name.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            file = os.open(parts[-1], flags, dir_fd=folder)
        except OSError:
            raise NotFound from None
        finally:
            if folder >= 0:
                os.close(folder)
        if stat.S_ISREG(os.fstat(file).st_mode):
            return os.fdopen(file, "rb")
        os.close(file)
        raise NotFound


def _is_plain(name: bytes) -> bool:
    return name not in (b"", b".", b"..") and b"\0" not in name


def _printable(name: bytes) -> str:
    """Return *name* as part of a header, where its line breaks would end the header."""
    text = name.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "_" for char in text)
