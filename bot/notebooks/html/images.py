"""Images inside a notebook as data URIs, which a browser shows but never runs."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from bot.notebooks.html.document import fit

RASTER_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
SVG = "image/svg+xml"

LARGEST_BYTES = 10_000_000
LARGEST_PIXELS = 100_000_000

_SPACE = re.compile(r"\s+")
_SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}


class UnfitImageError(Exception):
    """An image that is not shown; its text says why, to follow "image not shown: "."""


def raster_uri(mime: str, encoded: str) -> str:
    """Return a data URI for an image in base64.

    Raises UnfitImageError for what is no image of its type, or one too large for a page.
    """
    compact = _SPACE.sub("", encoded)
    if len(compact) > LARGEST_BYTES * 4 // 3:
        raise UnfitImageError(f"{len(compact) * 3 // 4 / 1e6:.1f} MB")
    try:
        data = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        raise UnfitImageError("not valid base64") from None
    if not _SIGNATURES[mime].match(data):
        raise UnfitImageError(f"not an {mime}")
    _check_pixels(mime, data)
    return f"data:{mime};base64,{compact}"


def svg_uri(source: str) -> str:
    """Return a data URI for a drawing: inside `<img>`, a browser runs and loads nothing of it.

    Raises UnfitImageError for one too large for a page.
    """
    data = fit(source).encode()
    if len(data) > LARGEST_BYTES:
        raise UnfitImageError(f"{len(data) / 1e6:.1f} MB")
    return f"data:{SVG};base64,{base64.b64encode(data).decode()}"


def attachment_uri(attachments: Mapping[str, Any], name: str) -> str | None:
    """Return a data URI for an attachment of a cell, None when there is no such image."""
    bundle = attachments.get(name, attachments.get(unquote(name)))
    if not isinstance(bundle, Mapping):
        return None
    for mime in RASTER_TYPES:
        encoded = bundle.get(mime)
        if isinstance(encoded, str):
            try:
                return raster_uri(mime, encoded)
            except UnfitImageError:
                return None
    return None


def _check_pixels(mime: str, data: bytes) -> None:
    """Raise UnfitImageError for a small file that would unpack to gigabytes."""
    if mime == "image/png" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
    elif mime == "image/gif" and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
    else:
        return
    if width * height > LARGEST_PIXELS:
        raise UnfitImageError(f"{width} x {height} pixels")
