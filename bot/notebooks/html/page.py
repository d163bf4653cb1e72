"""An executed notebook as one page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from bot.notebooks.html.code import highlighted
from bot.notebooks.html.document import document, text
from bot.notebooks.html.markdown import markdown
from bot.notebooks.html.outputs import joined, outputs_html
from bot.notebooks.timespan import duration

LARGEST_PAGE = 40_000_000
"""Characters; cells after that are left out."""

Cell = Mapping[str, Any]

_INJECTED = "injected-parameters"


def notebook_html(
    executed: Mapping[str, Any],
    *,
    title: str,
    failing_cell: int | None = None,
    seconds: Mapping[int, float] | None = None,
    home: str | None = None,
    parameters_added: bool = False,
    time_limit: float = 20.0,
) -> str:
    """Return a complete page that shows *executed*, a notebook as `json.load` gives it.

    Nothing of the notebook can run, load anything or leave its cell; what is not as nbformat has
    it is left out. The cell with the number N has the anchor `cell-N`; *failing_cell* is one of
    these numbers, *seconds* says how long each took, *home* is a link to the page it belongs to.
    With *parameters_added* the cell tagged `injected-parameters` is none of the source's and has
    no number. What would make the page very large, or take more than *time_limit* seconds to
    render, is left out with a mark.
    """
    language = _language(executed)
    header = _header(title, _kernel(executed), failing_cell, home)
    parts = [header, "<main>"]
    room = LARGEST_PAGE
    deadline = time.monotonic() + time_limit
    for number, cell in _numbered(executed, parameters_added):
        taken = (seconds or {}).get(number) if number else None
        parts.append(_cell(cell, number, language, number == failing_cell, taken))
        room -= len(parts[-1])
        if room < 0 or time.monotonic() > deadline:
            parts.append('<p class="cut">What follows is in the executed notebook file.</p>')
            break
    parts.append("</main>")
    return document(title=title, body="\n".join(parts))


def _numbered(
    executed: Mapping[str, Any], parameters_added: bool
) -> Iterator[tuple[int | None, Cell]]:
    """Yield the cells with their numbers in the source, None for the one that was added."""
    cells = executed.get("cells")
    number = 0
    for cell in cells if isinstance(cells, list) else ():
        if parameters_added and isinstance(cell, Mapping) and _INJECTED in _tags(cell):
            parameters_added = False
            yield None, cell
            continue
        number += 1
        if isinstance(cell, Mapping):
            yield number, cell


def _header(title: str, kernel: str, failing_cell: int | None, home: str | None) -> str:
    facts = [f"<span>{text(kernel)}</span>"] if kernel else []
    if home:
        facts.insert(0, f'<a href="{text(home)}">All notebooks</a>')
    if failing_cell:
        facts.append(f'<a class="jump" href="#cell-{failing_cell}">Go to the failing cell</a>')
    return f"<header>\n<h1>{text(title)}</h1>\n<p>{' '.join(facts)}</p>\n</header>"


def _cell(cell: Cell, number: int | None, language: str, failing: bool, taken: float | None) -> str:
    kind = cell.get("cell_type")
    source = joined(cell.get("source"))
    if kind == "markdown":
        attachments = cell.get("attachments")
        safe = markdown(source, attachments if isinstance(attachments, Mapping) else None)
        body = f'<div class="rich" tabindex="0">{safe}</div>'
    elif kind == "code":
        body = f'<pre class="source" tabindex="0">{highlighted(source, language)}</pre>'
        body += outputs_html(cell.get("outputs"))
    else:
        body = f'<pre class="raw" tabindex="0">{text(source)}</pre>'
    return _section(body, number, "code" if kind == "code" else "prose", failing, taken)


def _section(body: str, number: int | None, kind: str, failing: bool, taken: float | None) -> str:
    name = f"Cell {number}" if number else "Parameters"
    anchor = f' id="cell-{number}"' if number else ""
    clock = f'<span class="time">{duration(taken)}</span>' if taken is not None else ""
    verdict = '<strong class="verdict">failed</strong>' if failing else ""
    return (
        f'<section{anchor} class="cell {kind}{" failing" if failing else ""}" aria-label="{name}">'
        f'<div class="margin"><span class="number">{number or "parameters"}</span>{clock}{verdict}'
        f'</div><div class="body">{body}</div></section>'
    )


def _tags(cell: Cell) -> list[Any]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    return tags if isinstance(tags, list) else []


def _metadata(executed: Mapping[str, Any], part: str, name: str) -> str:
    metadata = executed.get("metadata")
    group = metadata.get(part) if isinstance(metadata, Mapping) else None
    value = group.get(name) if isinstance(group, Mapping) else None
    return value[:100] if isinstance(value, str) else ""


def _language(executed: Mapping[str, Any]) -> str:
    return _metadata(executed, "language_info", "name") or _metadata(
        executed, "kernelspec", "language"
    )


def _kernel(executed: Mapping[str, Any]) -> str:
    return _metadata(executed, "kernelspec", "display_name") or _metadata(
        executed, "kernelspec", "name"
    )
