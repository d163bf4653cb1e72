"""The one gate through which HTML of a notebook reaches a page: an allow-list."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from bot.notebooks.html.document import fit, text
from bot.notebooks.html.images import attachment_uri

DEEPEST = 2_000
"""Elements inside each other; parsing takes time that grows with the square of it."""

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_VOID = frozenset(["br", "hr", "img", "input", "col", "wbr", "p", "li", "td", "th", "tr"])

# Names inside a notebook must not collide with those of the page around it.
_PREFIX = "user-content-"

_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]+")
_RISKY_STYLE = re.compile(r"url|image|expression|var|attr|env|[\\@<]", re.IGNORECASE)
_STYLE_PROPERTIES = frozenset(
    [
        "background-color",
        "border",
        "border-bottom",
        "border-collapse",
        "border-color",
        "border-left",
        "border-right",
        "border-style",
        "border-top",
        "border-width",
        "caption-side",
        "color",
        "display",
        "float",
        "font-family",
        "font-size",
        "font-style",
        "font-variant",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style-type",
        "max-height",
        "max-width",
        "min-height",
        "min-width",
        "opacity",
        "overflow",
        "overflow-x",
        "overflow-y",
        "padding",
        "padding-bottom",
        "padding-left",
        "padding-right",
        "padding-top",
        "text-align",
        "text-decoration",
        "text-indent",
        "text-transform",
        "vertical-align",
        "white-space",
        "width",
        "word-break",
    ]
)
_MORE_TAGS = frozenset({"tfoot", "font", "big"})
_REMOVED_WHOLE = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "noembed",
        "noframes",
        "iframe",
        "object",
        "embed",
        "applet",
        "frame",
        "frameset",
        "svg",
        "math",
        "audio",
        "video",
        "canvas",
        "form",
        "select",
        "button",
        "textarea",
        "xmp",
        "plaintext",
        "title",
        "head",
        "link",
        "meta",
        "base",
    ]
)


def sanitised(html: str, attachments: Mapping[str, Any] | None = None) -> str:
    """Return of *html* what cannot act, load or pose as the page around it.

    Images stay when they are inside the document: data URIs, or `attachment:NAME` of the cell's
    *attachments*. Links stay when they lead to the web or within the notebook. What is nested
    too deeply to be meant for reading is shown as its source.
    """
    import nh3

    if _depth(html) > DEEPEST:
        return f"<pre>{text(html)}</pre>"
    return nh3.clean(
        fit(html),
        tags=_tags(),
        attributes=_attributes(),
        attribute_filter=_attribute_filter(attachments or {}),
        clean_content_tags=set(_REMOVED_WHOLE),
        allowed_classes=_classes(),
        filter_style_properties=set(_STYLE_PROPERTIES),
        url_schemes={"http", "https", "mailto", "data", "attachment"},
        link_rel="noopener noreferrer nofollow",
    )


def _depth(html: str) -> int:
    """Return about how deep *html* is nested, rather too much than too little."""
    is_open: Counter[str] = Counter()
    depth = deepest = 0
    for closing, tag in _TAG.findall(html):
        name = tag.lower()
        if closing and is_open[name]:
            is_open[name] -= 1
            depth -= 1
        elif not closing and name not in _VOID:
            is_open[name] += 1
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _attribute_filter(
    attachments: Mapping[str, Any],
) -> Callable[[str, str, str], str | None]:
    def allowed(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return _source(value, attachments)
        if attribute == "href":
            return _target(value)
        if attribute in ("id", "name"):
            return _PREFIX + value
        if attribute == "style":
            return None if _RISKY_STYLE.search(value) else value
        return value

    return allowed


def _source(value: str, attachments: Mapping[str, Any]) -> str | None:
    if value.startswith("attachment:"):
        return attachment_uri(attachments, value.removeprefix("attachment:"))
    return value if _IMAGE.fullmatch(value) else None


def _target(value: str) -> str | None:
    if value.startswith("#"):
        return f"#{_PREFIX}{value[1:]}"
    return value if _LINK.match(value) else None


@functools.cache
def _tags() -> set[str]:
    import nh3

    return (nh3.ALLOWED_TAGS | _MORE_TAGS) - {"map", "area"}


@functools.cache
def _attributes() -> dict[str, set[str]]:
    import nh3

    attributes = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
    attributes["*"] = {"style", "title", "align", "valign", "dir", "hidden", "id"}
    attributes["a"] = {"href", "name"}
    attributes["table"] = {"border", "cellpadding", "cellspacing", "width"}
    attributes["font"] = {"color"}
    attributes["details"] = {"open"}
    for quoting in ("q", "blockquote", "del", "ins"):
        attributes[quoting].discard("cite")
    return attributes


@functools.cache
def _classes() -> dict[str, set[str]]:
    """Return the classes our own highlighting and formulas come with; they mean nothing else."""
    from pygments.token import STANDARD_TYPES

    return {
        "span": {name for name in STANDARD_TYPES.values() if name} | {"math"},
        "div": {"math"},
    }
