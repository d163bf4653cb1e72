from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.model import Outcome
from bot.report.folder import write_page, write_report

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": "# Sales", "metadata": {}},
        {"cell_type": "code", "source": "x = 1", "outputs": [], "metadata": {}},
        {"cell_type": "code", "source": "1 / 0", "outputs": [], "metadata": {}},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
NAME = "notebooks/quarterly-1a2b3c4d.ipynb"


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / NAME).write_text(json.dumps(NOTEBOOK), "utf-8")
    return tmp_path


def test_the_folder_holds_the_report_in_every_form(review, failing, folder):
    write_report(review(failing), folder)

    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")) == [
        ".gitignore",
        "index.html",
        "notebooks/quarterly-1a2b3c4d.html",
        "notebooks/quarterly-1a2b3c4d.ipynb",
        "review.json",
        "summary.md",
    ]
    assert (folder / ".gitignore").read_text().endswith("\n*\n")
    assert json.loads((folder / "review.json").read_text())["conclusion"] == "failure"
    assert "[`reports/quarterly.ipynb`](<notebooks/" in (folder / "summary.md").read_text()


def test_the_first_page_leads_to_the_failing_cell_and_back(review, failing, folder):
    write_report(review(failing), folder)
    index = Links((folder / "index.html").read_text("utf-8"))
    page = Links((folder / NAME).with_suffix(".html").read_text("utf-8"))

    assert "notebooks/quarterly-1a2b3c4d.html#cell-3" in index.links
    assert "cell-3" in page.ids
    assert {"../index.html", "#cell-3"} <= set(page.links)


def test_every_link_of_the_first_page_leads_somewhere(review, failing, folder):
    write_report(review(failing), folder)
    index = Links((folder / "index.html").read_text("utf-8"))

    for link in index.links:
        path, _, anchor = link.partition("#")
        assert not path or (folder / path).is_file()
        assert path or anchor in index.ids


def test_the_first_page_says_what_happened(review, failing, run, folder):
    write_report(review(failing, run("a.ipynb", Outcome.PASSED)), folder)

    text = Links((folder / "index.html").read_text("utf-8")).text
    for words in (
        "1 of 2 notebooks failed",
        "failed in cell 3",
        "KeyError: 'overseas'",
        "reports/quarterly.ipynb:118",
        "total = frame['overseas']",
        "src/metrics.py",
    ):
        assert words in text


def test_the_first_page_says_why_nothing_was_run(troubled, tmp_path):
    write_report(troubled, tmp_path)

    text = Links((tmp_path / "index.html").read_text("utf-8")).text
    for words in ("600 notebooks, more than 500", "Name some of them", ".github/nbci.yml:3:"):
        assert words in text


def test_the_first_page_of_a_hostile_review_is_inert(hostile, tmp_path):
    write_report(hostile, tmp_path)

    index = Links((tmp_path / "index.html").read_text("utf-8").split("<body>")[1])
    assert not index.tags & {"script", "img", "style", "svg", "iframe", "meta", "link"}
    assert set(index.links) <= {"#failure-1", "review.json", "summary.md"}


def test_a_page_is_made_anew_only_when_its_notebook_changed(failing, folder):
    page = (folder / NAME).with_suffix(".html")
    write_page(failing, folder)
    page.write_text("untouched")
    os.utime(page, ns=(0, (folder / NAME).stat().st_mtime_ns))

    write_page(failing, folder)
    kept = page.read_text()
    os.utime(folder / NAME, ns=(0, 12345))
    write_page(failing, folder)

    assert kept == "untouched"
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00", b"[" * 100_000])
def test_an_unreadable_notebook_has_no_page_and_spoils_nothing(review, failing, folder, content):
    (folder / NAME).write_bytes(content)

    write_report(review(failing), folder)

    assert not (folder / NAME).with_suffix(".html").exists()
    assert "reports/quarterly.ipynb" in (folder / "index.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["../outside.ipynb", "/etc/hostname", "notebooks/missing.ipynb"])
def test_only_notebooks_inside_the_folder_are_read(failing, folder, name):
    inside = folder / "report"
    inside.mkdir()
    (folder / "outside.ipynb").write_text(json.dumps(NOTEBOOK), "utf-8")
    elsewhere = failing.ended(replace(failing.result, executed_notebook=name))

    assert write_page(elsewhere, inside) is None
    assert not (folder / "outside.html").exists()


def test_a_link_where_a_page_belongs_is_replaced_and_not_followed(review, failing, folder):
    target = folder.parent / "precious.txt"
    target.write_text("precious")
    (folder / "index.html").symlink_to(target)

    write_report(review(failing), folder)

    assert target.read_text() == "precious"
    assert not (folder / "index.html").is_symlink()


def test_names_that_are_not_utf_8_get_pages_and_links(review, failing, tmp_path):
    name = "a #%?\udcff.ipynb"
    (tmp_path / os.fsencode(name).decode("utf-8", "surrogateescape")).write_text(
        json.dumps(NOTEBOOK)
    )
    odd = failing.ended(replace(failing.result, executed_notebook=name))

    assert write_page(odd, tmp_path) == "a%20%23%25%3F%FF.html#cell-3"
    write_report(review(odd), tmp_path)


def test_a_review_that_goes_on_can_be_reported_too(review, run, tmp_path):
    write_report(review(run("a.ipynb", None)), tmp_path)

    assert "0 of 1 notebook done" in (tmp_path / "index.html").read_text("utf-8")


def test_what_pages_need_can_be_loaded_ahead():
    program = (
        "import sys; from bot.report.folder import prepare_pages; before = set(sys.modules);"
        "prepare_pages(); print(*sorted({'markdown_it', 'nh3', 'pygments'} - before))"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.split() == ["markdown_it", "nh3", "pygments"]
