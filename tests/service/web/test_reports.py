from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from building.reviews import new_review
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.report.folder import write_report

KEY = "Q2hlZXNlIGlzIGdvb2QgZm9y_-"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "reports" / KEY
    folder.joinpath("notebooks", ".hidden").mkdir(parents=True)
    folder.joinpath("index.html").write_text("<title>index</title>")
    folder.joinpath("review.json").write_text("{}")
    folder.joinpath("summary.md").write_text("# summary")
    folder.joinpath(".gitignore").write_text("*")
    folder.joinpath("notebooks", "a.ipynb").write_text("{}")
    folder.joinpath("notebooks", ".hidden", "ü b.html").write_text("<title>ü b</title>")
    return folder


@dataclass
class Visitor:
    """Looks at pages, and closes what was opened for that as servers do."""

    client: FlaskClient

    def open(self, path: str, method: str = "GET", **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        # As it comes from a server: bytes, which need not be UTF-8.
        raw = unquote_to_bytes(path).decode("latin-1")
        return self.client.open(
            method=method, headers=sent, environ_overrides={"PATH_INFO": raw}, buffered=True
        )


@pytest.fixture
def visitor(unstored: Any, folder: Path) -> Visitor:
    assert folder.exists()
    return Visitor(unstored.client)


def test_each_kind_of_file_is_served_as_what_it_is(visitor: Visitor) -> None:
    types = {
        name: visitor.open(f"/reports/{KEY}/{name}").content_type
        for name in ("index.html", "review.json", "summary.md", "notebooks/a.ipynb")
    }

    assert types == {
        "index.html": "text/html; charset=utf-8",
        "review.json": "application/json",
        "summary.md": "text/markdown; charset=utf-8",
        "notebooks/a.ipynb": "application/x-ipynb+json",
    }


def test_what_write_report_writes_can_be_looked_at(visitor: Visitor, folder: Path) -> None:
    write_report(new_review("a" * 40, 2), folder)

    assert "<!DOCTYPE html>" in visitor.open(f"/reports/{KEY}/index.html").text
    assert json.loads(visitor.open(f"/reports/{KEY}/review.json").text)


@pytest.mark.parametrize("name", ["index.html", "notebooks/a.ipynb", "review.json", "summary.md"])
def test_whatever_a_file_holds_it_can_do_nothing(visitor: Visitor, name: str) -> None:
    headers = visitor.open(f"/reports/{KEY}/{name}").headers

    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["img-src"] == "data:"
    assert "script-src" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "private, no-cache"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "Set-Cookie" not in headers


def test_notebooks_are_downloaded_not_shown(visitor: Visitor) -> None:
    disposition = visitor.open(f"/reports/{KEY}/notebooks/a.ipynb").headers["Content-Disposition"]

    assert disposition == "attachment; filename=a.ipynb"
    assert "Content-Disposition" not in visitor.open(f"/reports/{KEY}/index.html").headers


@pytest.mark.parametrize(
    "name", ["ü b", "a\nSet-Cookie: b", "a\r\n\r\nb", '"', "%2e%2e", "..", "a;b", "\udcff", "?#"]
)
@pytest.mark.parametrize("suffix", [".html", ".ipynb"])
def test_names_of_any_kind_are_found(
    visitor: Visitor, folder: Path, name: str, suffix: str
) -> None:
    folder.joinpath("notebooks", name + suffix).write_text("found")

    url = f"/reports/{KEY}/notebooks/{quote(os.fsencode(name + suffix))}"

    answer = visitor.open(url)
    assert (answer.status_code, answer.text) == (200, "found")


def test_folders_that_begin_with_a_dot_are_folders(visitor: Visitor) -> None:
    url = f"/reports/{KEY}/notebooks/.hidden/%C3%BC%20b.html"

    assert visitor.open(url).text == "<title>ü b</title>"


@pytest.mark.parametrize(
    "path",
    [
        f"{KEY}",
        f"{KEY}/",
        f"{KEY}/notebooks",
        f"{KEY}/notebooks/",
        f"{KEY}/.gitignore",
        f"{KEY}/missing.html",
        f"{KEY}/index.html/",
        f"{KEY}/index.html/a.html",
        f"{KEY}//index.html",
        f"{KEY}/./index.html",
        f"{KEY}/notebooks/../index.html",
        f"{KEY}/%2e%2e/{KEY}/index.html",
        f"{KEY}/..%2f{KEY}%2findex.html",
        f"{KEY}/index.html%00",
        f"{KEY}/index.html%00.html",
        f"{KEY}/index.HTML",
        f"{KEY}/%2fetc%2fhostname.html",
        f"{KEY}/{'a' * 300}.html",
        f"{KEY}/{'a/' * 3000}.html",
        f"{KEY.lower()}/index.html",
        f"{KEY[:-1]}/index.html",
        f"%2e/{KEY}/index.html",
        f"./{KEY}/index.html",
        "../secret.html",
        "%2e%2e/secret.html",
        "..%2fsecret.html",
        "short/index.html",
        "",
    ],
)
def test_nothing_else_is_found(visitor: Visitor, folder: Path, path: str) -> None:
    folder.parent.joinpath("short").mkdir()
    folder.parent.joinpath("short", "index.html").write_text("secret")
    folder.parent.parent.joinpath("secret.html").write_text("secret")

    answer = visitor.open(f"/reports/{path}")

    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_links_and_pipes_are_not_followed(visitor: Visitor, folder: Path) -> None:
    outside = folder.parent.parent / "outside"
    outside.mkdir()
    outside.joinpath("a.html").write_text("secret")
    folder.joinpath("file.html").symlink_to(outside / "a.html")
    folder.joinpath("inside.html").symlink_to("index.html")
    folder.joinpath("folder").symlink_to(outside)
    folder.with_name("L" * 32).symlink_to(outside)
    os.mkfifo(folder / "pipe.html")
    folder.joinpath("directory.html").mkdir()

    for path in ("file.html", "inside.html", "folder/a.html", "pipe.html", "directory.html"):
        assert visitor.open(f"/reports/{KEY}/{path}").status_code == 404
    assert visitor.open(f"/reports/{'L' * 32}/a.html").status_code == 404
    assert not opened_below(folder.parent)


def opened_below(folder: Path) -> list[str]:
    """Return what this process has open in *folder*, nothing where the system does not tell."""
    found = []
    for descriptor in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            path = descriptor.readlink()
            if path.is_relative_to(folder):
                found.append(str(path))
    return found


def test_a_page_that_has_not_changed_is_not_sent_again(visitor: Visitor, folder: Path) -> None:
    url = f"/reports/{KEY}/index.html"
    first = visitor.open(url)

    again = visitor.open(url, If_None_Match=first.headers["ETag"])
    folder.joinpath("index.html").write_text("<title>changed</title>")
    changed = visitor.open(url, If_None_Match=first.headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")
    assert (changed.status_code, changed.text) == (200, "<title>changed</title>")


def test_a_page_can_be_asked_about_without_being_sent(visitor: Visitor) -> None:
    answer = visitor.open(f"/reports/{KEY}/index.html", "HEAD")

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.content_length == len("<title>index</title>")


def test_reports_are_only_looked_at(visitor: Visitor) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = visitor.open(f"/reports/{KEY}/index.html", method)
        assert answer.status_code == 405
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
