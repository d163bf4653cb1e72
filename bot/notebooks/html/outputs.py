"""The outputs of a code cell as safe HTML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.notebooks.html import images
from bot.notebooks.html.document import text
from bot.notebooks.html.markdown import markdown
from bot.notebooks.html.sanitise import sanitised
from bot.notebooks.html.terminal_text import LONGEST, block, shortened

MOST_OUTPUTS = 200
"""Outputs shown of one cell."""

LONGEST_HTML = 2_000_000
"""Characters of HTML accepted from one output."""

Bundle = Mapping[str, Any]
"""One output in several forms, by their MIME types."""


def joined(value: object) -> str:
    """Return a text of a notebook, which its file may hold as one string or as a list of lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""


def outputs_html(outputs: object) -> str:
    """Return the *outputs* of a cell in their order, each in its richest form that is safe."""
    blocks = []
    for shown, output in enumerate(_merged(outputs)):
        if shown == MOST_OUTPUTS:
            blocks.append(_cut("More outputs are in the executed notebook file."))
            break
        blocks.append(f'<div class="output">{_output(output)}</div>')
    return "\n".join(blocks)


def _merged(outputs: object) -> Iterator[Bundle]:
    """Yield outputs, the ones that go on printing to the same stream as one."""
    stream: dict[str, Any] | None = None
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, Mapping):
            continue
        if output.get("output_type") != "stream":
            if stream:
                yield stream
                stream = None
            yield output
        elif stream and stream["name"] == output.get("name"):
            stream["text"].append(joined(output.get("text")))
        else:
            if stream:
                yield stream
            stream = {**output, "name": output.get("name"), "text": [joined(output.get("text"))]}
    if stream:
        yield stream


def _output(output: Bundle) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return block(joined(output.get("text")), kind=name, label=name)
    if kind == "error":
        return block(_traceback(output), kind="error", label="error")
    data, metadata = output.get("data"), output.get("metadata")
    if not isinstance(data, Mapping):
        return ""
    return _rich(data, metadata if isinstance(metadata, Mapping) else {})


def _traceback(output: Bundle) -> str:
    lines = output.get("traceback")
    if isinstance(lines, list) and lines:
        return "\n".join(joined(line) for line in lines)
    return f"{joined(output.get('ename'))}: {joined(output.get('evalue'))}"


def _rich(data: Bundle, metadata: Bundle) -> str:
    for mime, render in _RENDERERS.items():
        if mime in data:
            rendered = render(data, metadata)
            if rendered:
                return rendered
    others = ", ".join(str(mime)[:80] for mime in list(data)[:5])
    return _cut(f"An output without a form that a page can show: {others}")


def _raster(mime: str) -> Callable[[Bundle, Bundle], str]:
    def render(data: Bundle, metadata: Bundle) -> str:
        try:
            uri = images.raster_uri(mime, joined(data[mime]))
        except images.UnfitImageError as problem:
            return _cut(f"Image not shown: {problem}")
        size = metadata.get(mime)
        return _image(uri, data, size if isinstance(size, Mapping) else {})

    return render


def _svg(data: Bundle, metadata: Bundle) -> str:
    try:
        uri = images.svg_uri(joined(data[images.SVG]))
    except images.UnfitImageError as problem:
        return _cut(f"Image not shown: {problem}")
    return _image(uri, data, {})


def _image(uri: str, data: Bundle, size: Bundle) -> str:
    sides = "".join(
        f' {side}="{size[side]:.0f}"'
        for side in ("width", "height")
        if isinstance(size.get(side), int | float) and 0 < size[side] <= 10_000
    )
    description = joined(data.get("text/plain"))[:200] or "output of the cell"
    return f'<img src="{uri}" alt="{text(description)}"{sides}>'


def _html(data: Bundle, metadata: Bundle) -> str:
    source = joined(data["text/html"])
    if len(source) > LONGEST_HTML:
        return _cut(f"HTML of {len(source) / 1e6:.1f} MB not shown") + _plain(data, metadata)
    safe = sanitised(source)
    return f'<div class="rich" tabindex="0">{safe}</div>' if _has_content(safe) else ""


def _has_content(html: str) -> bool:
    """Whether anything is left to see; plots drawn by scripts leave nothing."""
    import nh3

    return "<img src" in html or bool(nh3.clean(html, tags=set()).strip())


def _markdown(data: Bundle, metadata: Bundle) -> str:
    return f'<div class="rich" tabindex="0">{markdown(joined(data["text/markdown"]))}</div>'


def _latex(data: Bundle, metadata: Bundle) -> str:
    return f'<pre class="math" tabindex="0">{text(joined(data["text/latex"])[:LONGEST])}</pre>'


def _json(data: Bundle, metadata: Bundle) -> str:
    source = json.dumps(data["application/json"], indent=2, ensure_ascii=False, default=str)
    start, left_out, _ = shortened(source, 2 * LONGEST)
    note = _cut(f"{left_out:,} characters left out") if left_out else ""
    return f'<details><summary>JSON</summary><pre tabindex="0">{text(start)}</pre>{note}</details>'


def _plain(data: Bundle, metadata: Bundle) -> str:
    plain = joined(data.get("text/plain"))
    return block(plain, kind="plain", label="output") if plain else ""


def _cut(note: str) -> str:
    return f'<p class="cut">{text(note)}</p>'


_RENDERERS: dict[str, Callable[[Bundle, Bundle], str]] = {
    **{mime: _raster(mime) for mime in images.RASTER_TYPES},
    images.SVG: _svg,
    "text/html": _html,
    "text/markdown": _markdown,
    "text/latex": _latex,
    "application/json": _json,
    "text/plain": _plain,
}
"""From the richest form to the plainest; scripts and widgets fall through to their text."""
