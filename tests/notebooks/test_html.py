from __future__ import annotations

import base64
import json
import re
import struct
from html.parser import HTMLParser

import pytest

from bot.notebooks.html import notebook_html

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 4, 4) + b"\0" * 20
).decode()


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

    text = page_of(code(outputs=outputs)).text.rpartition("}")[2]

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


def test_a_page_is_made_from_json_as_it_is_read():
    notebook = json.loads(
        '{"cells": [{"cell_type": "code", "source": ["a\\ud800"], "outputs": []}]}'
    )

    assert "a\ufffd" in Page(notebook_html(notebook, title="\udcff.ipynb")).text
