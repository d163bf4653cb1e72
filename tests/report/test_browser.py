"""What a real browser makes of a report: it parses as no library does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.report.folder import write_report

pytestmark = pytest.mark.browser

ATTACKS = json.loads((Path(__file__).parents[1] / "notebooks" / "attacks.json").read_text("utf-8"))
NAME = "notebooks/hostile.ipynb"

ACTIVE = """() => {
  const found = [...document.body.querySelectorAll(
    "script, style, iframe, object, embed, link, meta, base, form, input, button, svg, math," +
    "audio, video, template, [srcdoc], [srcset], [style*=url], [href^='javascript' i]," +
    "[href^='data' i]"
  )];
  for (const element of document.querySelectorAll("*"))
    if ([...element.attributes].some(attribute => attribute.name.startsWith("on")))
      found.push(element);
  return found.map(element => element.outerHTML.slice(0, 200));
}"""


def cells_of(attack):
    outputs = [
        {"output_type": "display_data", "data": {mime: attack}, "metadata": {}}
        for mime in (
            "text/html",
            "text/markdown",
            "image/svg+xml",
            "text/latex",
            "text/plain",
            attack,
        )
    ]
    outputs.append({"output_type": "stream", "name": "stdout", "text": attack})
    outputs.append({"output_type": "error", "traceback": [attack]})
    return [
        {"cell_type": "markdown", "source": attack, "metadata": {}},
        {"cell_type": "code", "source": attack, "outputs": outputs, "metadata": {}},
    ]


@pytest.fixture
def report(tmp_path, hostile):
    """The folder of a report in which everything is hostile."""
    cells = [cell for attack in ATTACKS for cell in cells_of(attack)]
    everything = "".join(ATTACKS)
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": {"display_name": everything, "language": everything}},
    }
    (tmp_path / "notebooks").mkdir()
    (tmp_path / NAME).write_text(json.dumps(notebook), "utf-8")
    [run] = hostile.runs
    result = replace(run.result, executed_notebook=NAME, message=everything, log=everything)
    write_report(replace(hostile, runs=(run.ended(result),)), tmp_path)
    return tmp_path


@pytest.fixture
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def visit(browser, path, **options):
    """Open a page and return it with what it asked for beside itself."""
    page = browser.new_context(**options).new_page()
    page.add_init_script("window.alert = () => { window.attacked = true }")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri(), wait_until="load")
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.wait_for_load_state("networkidle")
    return page, [
        url for url in asked if url != path.as_uri() and not url.startswith("data:image/")
    ]


@pytest.mark.parametrize("policy", ["with its policy", "without its policy"])
@pytest.mark.parametrize("name", ["index.html", "notebooks/hostile.html"])
def test_a_hostile_report_neither_runs_nor_asks_for_anything(browser, report, name, policy):
    page, asked = visit(browser, report / name, bypass_csp=policy == "without its policy")

    assert asked == []
    assert page.evaluate("window.attacked") is None
    assert page.evaluate(ACTIVE) == []


def test_a_hostile_notebook_stays_inside_its_cells(browser, report):
    page, _ = visit(browser, report / "notebooks" / "hostile.html")

    assert page.evaluate("document.querySelectorAll('body > main > section.cell').length") == (
        2 * len(ATTACKS)
    )
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert page.evaluate("[...document.body.children].map(part => part.tagName)") == [
        "HEADER",
        "MAIN",
    ]


@pytest.mark.parametrize("name", ["index.html", "notebooks/hostile.html"])
def test_a_report_fits_a_phone(browser, report, name):
    page, _ = visit(browser, report / name, viewport={"width": 390, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
