"""The cells of a text notebook, read by jupytext's readers, each with its line in the file.

jupytext's own `reads` does not tell lines, refuses a kernelspec without display_name, and adds a
cell to Sphinx scripts; so its readers are called here one by one. They import slowly: import this
module only when there is a text notebook to read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from jupytext.formats import get_format_implementation, guess_format, read_format_from_metadata
from jupytext.header import header_to_metadata_and_cell
from jupytext.jupytext import TextNotebookConverter
from jupytext.languages import default_language_from_metadata_and_ext, set_main_and_cell_language
from jupytext.myst import (
    CODE_DIRECTIVE,
    MYST_FORMAT_NAME,
    RAW_DIRECTIVE,
    get_parser,
    read_fenced_cell,
)

_NEEDS_A_PROGRAM = ("pandoc", "quarto", "marimo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell, and the line of the file (from 1) on which its source begins."""

    kind: str
    source: str
    line: int
    metadata: Mapping[str, Any] = field(default_factory=dict)


def read_cells(text: str, suffix: str) -> tuple[dict[str, Any], list[Cell]]:
    """Return a notebook's metadata and cells; raises whatever jupytext raises.

    Of the metadata only what is needed to find a kernel is kept.
    """
    lines = text.removesuffix("\n").split("\n")
    format_name, options = _format_of(text, suffix)
    if format_name == MYST_FORMAT_NAME:
        header, cells = _read_myst(text, lines)
    else:
        fmt = {"extension": suffix, "format_name": format_name, **options}
        header, cells = _read_in_sequence(lines, fmt)
    return _kernel_metadata(header), cells


def _format_of(text: str, suffix: str) -> tuple[str | None, dict[str, Any]]:
    declared = read_format_from_metadata(text, suffix)
    name, options = (declared, {}) if declared else guess_format(text, suffix)
    if name == "pandoc" and not declared:  # only because a line begins with :::
        name = "markdown"
    if name in _NEEDS_A_PROGRAM:
        raise ValueError(f"its format is {name}; use a percent script or MyST Markdown")
    return name, options


def _read_in_sequence(lines: list[str], fmt: dict[str, Any]) -> tuple[dict[str, Any], list[Cell]]:
    """Read scripts and Markdown: a reader takes one cell off the front, and the next the next."""
    suffix = fmt["extension"]
    implementation = get_format_implementation(suffix, fmt["format_name"])
    header, _, front_matter, position = header_to_metadata_and_cell(
        lines, implementation.header_prefix, implementation.header_suffix, suffix
    )
    converter = TextNotebookConverter(fmt, None)
    converter.update_fmt_with_notebook_options(header, read=True)
    language = default_language_from_metadata_and_ext(header, suffix)
    found = [(front_matter, 1)] if front_matter else []
    while position < len(lines):
        rest = lines[position:]
        reader = implementation.cell_reader_class(converter.fmt, language)
        cell, used = reader.read(rest)
        found.append((cell, position + _offset(reader.org_content, rest, cell) + 1))
        position += max(used, 1)
    return header, _with_cell_magics(found, header, converter.fmt)


def _offset(original: Sequence[str], rest: Sequence[str], cell: Any) -> int:
    """Return on which of the lines a reader took, from 0, the cell's source begins."""
    marker = 0 if list(rest[: len(original)]) == original else 1
    first = cell.source.partition("\n")[0]
    if cell.cell_type == "code" or not first:
        return marker
    # The quotes of a text cell can stand on lines of their own.
    return next((n for n, line in enumerate(rest[: len(original) + 2]) if first in line), marker)


def _with_cell_magics(
    found: Sequence[tuple[Any, int]], header: dict[str, Any], fmt: Mapping[str, Any]
) -> list[Cell]:
    """Put `%%bash` where a marker names another language; it then stands on the marker's line."""
    lengths = [cell.source.count("\n") for cell, _ in found]
    magics = [fmt.get(name, "") for name in ("custom_cell_magics", "custom_language_magics")]
    set_main_and_cell_language(
        header, [cell for cell, _ in found], fmt["extension"], ",".join(magics).split(",")
    )
    return [
        Cell(
            kind=cell.cell_type,
            source=cell.source,
            line=line - (cell.source.count("\n") - length),
            metadata=json.loads(json.dumps(cell.metadata)),
        )
        for (cell, line), length in zip(found, lengths, strict=True)
    ]


def _read_myst(text: str, lines: Sequence[str]) -> tuple[dict[str, Any], list[Cell]]:
    """Read MyST Markdown: the directives that are not inside of anything else are cells."""
    header: dict[str, Any] = {}
    cells: list[Cell] = []
    begin = depth = 0
    for token in get_parser().parse(text + "\n"):
        depth += token.nesting
        if depth != 0 or token.type not in ("front_matter", "myst_block_break", "fence"):
            continue
        if token.type == "fence" and not token.info.startswith((CODE_DIRECTIVE, RAW_DIRECTIVE)):
            continue
        cells += _markdown(lines, begin, token.map[0])
        begin = token.map[1]
        if token.type == "front_matter":
            header = _front_matter(token.content)
        elif token.type == "fence":
            cells.append(_fenced(token, len(cells)))
            if lexer := token.info.partition("}")[2].strip():
                header.setdefault("language_info", {"name": lexer})
    return header, [*cells, *_markdown(lines, begin, len(lines))]


def _front_matter(content: str) -> dict[str, Any]:
    """Return the metadata, whether at the top or, as jupytext writes it, under `jupyter`."""
    front_matter = yaml.safe_load(content) or {}
    if not isinstance(front_matter, dict):
        raise TypeError("its front matter is not made of `key: value` lines")
    return {**front_matter, **front_matter.get("jupyter", {})}


def _markdown(lines: Sequence[str], begin: int, end: int) -> list[Cell]:
    while begin < end and not lines[begin].strip():
        begin += 1
    source = "\n".join(lines[begin:end]).rstrip()
    return [Cell(kind="markdown", source=source, line=begin + 1)] if source else []


def _fenced(token: Any, index: int) -> Cell:
    """Return the cell of a directive; its options stand before the source."""
    options, body = read_fenced_cell(token, index, "Code")
    lines = token.content.splitlines()
    skipped = len(lines) - len(body)
    if lines[skipped:] != body:  # jupytext drops a blank line at the end after `:options:`
        skipped -= 1
    given = options.get("tags") or []
    tags = [given] if isinstance(given, str) else [tag for tag in given if isinstance(tag, str)]
    return Cell(
        kind="code" if token.info.startswith(CODE_DIRECTIVE) else "raw",
        source="\n".join(body),
        line=token.map[0] + 2 + skipped,
        metadata={"tags": list(dict.fromkeys(tags))} if tags else {},
    )


def _kernel_metadata(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return kernelspec and language as nbformat wants them, as far as they are told."""
    metadata: dict[str, Any] = {}
    kernelspec = header.get("kernelspec")
    if isinstance(kernelspec, dict) and isinstance(kernelspec.get("name"), str):
        known = {key: kernelspec.get(key) for key in ("name", "display_name", "language")}
        metadata["kernelspec"] = {"display_name": kernelspec["name"]} | {
            key: value for key, value in known.items() if isinstance(value, str)
        }
    if language := _language(header, metadata):
        metadata["language_info"] = {"name": language}
    return metadata


def _language(header: Mapping[str, Any], metadata: Mapping[str, Any]) -> str | None:
    candidates = (
        metadata.get("kernelspec", {}).get("language"),
        header.get("language_info", {}).get("name"),
        header.get("jupytext", {}).get("main_language"),
        None if metadata else "python",
    )
    language = next((name for name in candidates if isinstance(name, str)), None)
    return "python" if language and language.startswith("ipython") else language
