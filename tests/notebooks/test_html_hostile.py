"""Whatever a notebook holds, its page is a page and does nothing."""

from __future__ import annotations

import base64
import json
import re
import struct
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notebooks.html import notebook_html

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 4, 4) + b"\0" * 20
).decode()

ACTIVE = {
    "script", "style", "iframe", "object", "embed", "link", "meta", "base", "form", "input",
    "button", "svg", "math", "template", "noscript", "xmp", "plaintext", "title", "frame",
    "frameset", "applet", "audio", "video", "source", "canvas", "textarea", "select",
}  # fmt: skip
ALLOWED_SCHEMES = ("http://", "https://", "mailto:", "#", "../")


class Page(HTMLParser):
    """The elements of a page and the text a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def count(self, tag):
        return [name for name, _ in self.elements].count(tag)


def code(source="", outputs=(), **more):
    return {"cell_type": "code", "source": source, "outputs": list(outputs), **more}


def rich(mime, content):
    return {"output_type": "display_data", "data": {mime: content}, "metadata": {}}


def page_of(*cells, **options):
    return Page(notebook_html({"cells": list(cells)}, title="a.ipynb", **options))


def body_of(page):
    """Return the elements inside the page's body."""
    return page.elements[[tag for tag, _ in page.elements].index("body") :]


def assert_safe(page):
    for tag, attributes in body_of(page):
        assert tag not in ACTIVE
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("srcdoc", "srcset", "action", "formaction", "background", "ping")
            if name == "href":
                assert value.startswith(ALLOWED_SCHEMES), value
            if name == "src":
                assert re.fullmatch(
                    r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[\w+/=]+", value
                )
            if name == "style":
                assert not re.search(r"url|@|\\|expression|position|image", value)


ATTACKS = json.loads(Path(__file__).with_name("attacks.json").read_text("utf-8"))

PLACES = {
    "markdown cell": lambda text: {"cell_type": "markdown", "source": text},
    "code cell": code,
    "raw cell": lambda text: {"cell_type": "raw", "source": text},
    "unknown cell": lambda text: {"cell_type": text, "source": text, "metadata": text},
    "html": lambda text: code(outputs=[rich("text/html", text)]),
    "html in lines": lambda text: code(outputs=[rich("text/html", [text, text])]),
    "markdown": lambda text: code(outputs=[rich("text/markdown", text)]),
    "svg": lambda text: code(outputs=[rich("image/svg+xml", text)]),
    "png": lambda text: code(outputs=[rich("image/png", text)]),
    "latex": lambda text: code(outputs=[rich("text/latex", text)]),
    "json": lambda text: code(outputs=[rich("application/json", {text: [text]})]),
    "javascript": lambda text: code(outputs=[rich("application/javascript", text)]),
    "mime key": lambda text: code(outputs=[rich(text, text)]),
    "image size": lambda text: code(
        outputs=[
            {
                "output_type": "display_data",
                "data": {"image/png": PNG, "text/plain": text},
                "metadata": {"image/png": {"width": text, "height": 5}},
            }
        ]
    ),
    "plain": lambda text: code(outputs=[rich("text/plain", text)]),
    "stream": lambda text: code(outputs=[{"output_type": "stream", "name": text, "text": text}]),
    "output type": lambda text: code(outputs=[{"output_type": text, "data": {"text/html": text}}]),
    "traceback": lambda text: code(outputs=[{"output_type": "error", "traceback": [text]}]),
    "error": lambda text: code(outputs=[{"output_type": "error", "ename": text, "evalue": text}]),
    "tags": lambda text: code(metadata={"tags": [text], text: text}),
    "attachment": lambda text: {
        "cell_type": "markdown",
        "source": "![x](attachment:a.png)",
        "attachments": {"a.png": {"image/png": text, text: text}},
    },
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_a_hostile_notebook_can_act(attack, place):
    page = page_of(PLACES[place](attack))

    assert_safe(page)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_its_metadata_can_act(attack):
    notebook = {
        "cells": [],
        "metadata": {
            "title": attack,
            "authors": [{"name": attack}],
            "kernelspec": {"display_name": attack, "name": attack, "language": attack},
            "language_info": {"name": attack},
        },
    }

    page = Page(notebook_html(notebook, title=attack, home="../index.html"))

    assert_safe(page)
    assert page.count("h1") == 1


@pytest.mark.parametrize(
    "notebook",
    [
        {},
        {"cells": None},
        {"cells": [None, 3, "x", [], {}]},
        {"cells": [{"cell_type": "code", "source": 3, "outputs": {"a": 1}}], "metadata": []},
        {"cells": [{"cell_type": "code", "outputs": [None, {"output_type": "stream", "text": 1}]}]},
        {"cells": [{"cell_type": "code", "outputs": [{"output_type": "error"}]}]},
        {"cells": [{"cell_type": "code", "outputs": [{"data": {"text/html": {"a": 1}}}]}]},
        {"cells": [{"cell_type": "markdown", "source": None, "attachments": [1]}]},
        {"cells": [], "metadata": {"kernelspec": {"display_name": 3}, "language_info": "x"}},
    ],
)
def test_what_is_no_proper_notebook_still_makes_a_page(notebook):
    page = Page(notebook_html(notebook, title="x"))

    assert page.count("main") == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"cell_type": st.sampled_from(["code", "markdown", "raw"]), "source": JSON},
        optional={
            "metadata": JSON,
            "attachments": JSON,
            "outputs": st.lists(
                st.fixed_dictionaries(
                    {"output_type": st.sampled_from(["stream", "error", "display_data"])},
                    optional={
                        "text": JSON,
                        "name": JSON,
                        "traceback": JSON,
                        "metadata": JSON,
                        "data": st.dictionaries(
                            st.sampled_from(
                                ["text/html", "image/png", "text/plain", "image/svg+xml"]
                            ),
                            JSON,
                        ),
                    },
                ),
                max_size=3,
            ),
        },
    )
)
def test_no_cell_whatever_it_holds_breaks_the_page(cell):
    html = notebook_html({"cells": [cell]}, title="x", failing_cell=1)

    html.encode("utf-8")
    assert_safe(Page(html))


@pytest.mark.parametrize("text", ["[" * 60_000, "*a " * 30_000, "> " * 20_000, "<b>" * 30_000])
def test_markdown_made_to_be_slow_is_rendered(text):
    page = page_of({"cell_type": "markdown", "source": text})

    assert_safe(page)


def test_html_nested_beyond_reading_is_shown_as_its_source():
    page = page_of(code(outputs=[rich("text/html", "<div>" * 100_000)]))

    assert page.count("div") < 10
    assert "<div><div>" in page.text


def test_a_page_that_takes_too_long_ends_with_a_mark():
    page = page_of(code("first"), code("second"), time_limit=-1.0)

    assert page.count("section") == 1
    assert "What follows is in the executed notebook file." in page.text
