"""The report as a folder to open, to keep as an artefact of CI, or to throw away."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.errors import UsageError
from bot.model import Review, Run, RunResult, printable
from bot.report.index_page import index_html
from bot.report.json_report import review_json
from bot.report.markdown import summary_markdown
from bot.report.wording import run_label

INDEX = "index.html"
REVIEW = "review.json"
SUMMARY = "summary.md"
NOTEBOOKS = "notebooks"

# Keeps git away from a report, and tells a report from a folder with files of somebody else.
_IGNORE = "# A report of nbci, written anew by each run.\n*\n"

LARGEST_NOTEBOOK = 250_000_000
"""Bytes of an executed notebook beyond which there is no page for it."""


def begin_report(folder: Path) -> None:
    """Make *folder* ready for a report, without the verdict of an earlier one.

    The earlier one's notebooks stay: `drop_notebooks` removes them. Raises UsageError where it
    cannot be written, or holds anything but an earlier report: what is in a report is replaced and
    removed.
    """
    shown = printable(str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not _is_report(folder):
            raise UsageError(
                f"{shown}: this folder holds files that are no report of nbci;"
                " name a new or an empty one for the report"
            )
        _write(folder / ".gitignore", _IGNORE)
        for name in (INDEX, REVIEW, SUMMARY):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{shown}: no report can be written there: {error.strerror}") from None


def drop_notebooks(folder: Path) -> None:
    """Remove the executed notebooks of an earlier report in *folder*."""
    notebooks = folder / NOTEBOOKS
    if notebooks.is_symlink():
        notebooks.unlink()
    shutil.rmtree(notebooks, ignore_errors=True)


def _is_report(folder: Path) -> bool:
    try:
        return (folder / ".gitignore").read_bytes() == _IGNORE.encode()
    except OSError:
        return False


def write_report(review: Review, folder: Path) -> None:
    """Write into *folder* what there is to say about *review*, beside its executed notebooks.

    That is `index.html`, a page for each executed notebook, `review.json`, `summary.md` and a
    `.gitignore` that keeps git away from all of it. May be called again and again as a review goes
    on: each file is replaced as a whole, and a page is made anew only when its notebook changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / ".gitignore", _IGNORE)
    pages = {run.run_id: page for run in review.runs if (page := write_page(run, folder))}

    def link(run: Run) -> str | None:
        return pages.get(run.run_id)

    _write(folder / REVIEW, json.dumps(review_json(review), indent=2) + "\n")
    _write(folder / SUMMARY, summary_markdown(review, link=link))
    _write(folder / INDEX, index_html(review, link=link))


def prepare_pages() -> None:
    """Load what pages are made with: 60 ms better spent while the first kernel starts."""
    from bot.notebooks.html import notebook_html

    cells = [
        {"cell_type": "markdown", "source": "*text*"},
        {"cell_type": "code", "source": "1", "outputs": []},
    ]
    notebook_html({"cells": cells, "metadata": {"language_info": {"name": "python"}}}, title="")


def write_page(run: Run, folder: Path) -> str | None:
    """Write the page of a run's executed notebook beside it and return its URL inside *folder*.

    The URL leads to the failing cell where there is one. None when there is no executed notebook,
    or none that can be read.
    """
    result = run.result
    if result is None or result.executed_notebook is None:
        return None
    top = folder.resolve()
    notebook = (top / result.executed_notebook).resolve()
    page = notebook.with_suffix(".html")
    if not notebook.is_relative_to(top):
        return None
    try:
        _render(run, result, notebook, page, home=os.path.relpath(top / INDEX, page.parent))
    except (OSError, ValueError, RecursionError):  # missing, cut off, nested beyond measure
        return None
    error = result.failing_cell
    anchor = f"#cell-{error.number}" if error and error.number else ""
    return quote(os.fsencode(page.relative_to(top))) + anchor


def _render(run: Run, result: RunResult, notebook: Path, page: Path, home: str) -> None:
    """Make *page* from *notebook* unless it was; a page bears the time of its notebook."""
    from bot.notebooks.html import notebook_html

    state = notebook.stat()
    if page.is_file() and page.stat().st_mtime_ns == state.st_mtime_ns:
        return
    html = notebook_html(
        _loaded(notebook, state.st_size),
        title=run_label(run),
        failing_cell=result.failing_cell.number if result.failing_cell else None,
        seconds={cell.number: cell.seconds for cell in result.cells},
        home=home,
        parameters_added=bool(run.parameters),
    )
    _write(page, html)
    os.utime(page, ns=(state.st_atime_ns, state.st_mtime_ns))


def _loaded(notebook: Path, size: int) -> dict[str, Any]:
    if size > LARGEST_NOTEBOOK:
        raise ValueError(f"{notebook} is too large for a page")
    executed = json.loads(notebook.read_bytes())
    if isinstance(executed, dict):
        return executed
    raise ValueError(f"{notebook} is no notebook")


def _write(path: Path, text: str) -> None:
    """Put *text* in the place of *path* at once; a link there is replaced, never followed."""
    unfinished = path.with_name(f".nbci-{secrets.token_hex(8)}")
    try:
        with unfinished.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
