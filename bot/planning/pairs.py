"""Notebooks that jupytext keeps in several files, of which a text is the one to run.

https://jupytext.readthedocs.io/en/latest/paired-notebooks.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from bot.planning.source import Source
from bot.planning.toml_text import read_toml, table_at

_IN_JSON = re.compile(rb'"formats"\s*:\s*"([^"\\]+)"')
_IN_TEXT = re.compile(rb"^\W*formats\s*:\s*[\"']?([^\s\"']+)", re.MULTILINE)
_HEADER_BYTES = 8192


class Pairs:
    """Which of the notebooks of a source belong together."""

    def __init__(self, source: Source, notebooks: Collection[str]) -> None:
        """Take the paths of all notebooks; nothing is read before there is something to ask."""
        self._source = source
        self._notebooks = frozenset(notebooks)
        self._texts: dict[PurePosixPath, list[str]] = defaultdict(list)
        for path in sorted(notebooks):
            if not path.endswith(".ipynb"):
                self._texts[PurePosixPath(path).with_suffix("")].append(path)

    def texts_for(self, touched: Iterable[str]) -> Mapping[str, str]:
        """Return for each of the `.ipynb` files *touched* that is one of a pair the text to run.

        Where there is a second text notebook, it is in the result as well.
        """
        found: dict[str, str] = {}
        if not self._texts:
            return found
        paths = {path for path in touched if path.endswith(".ipynb")} & self._notebooks
        for path, formats in self._formats(sorted(paths)):
            texts = [text for text in _partners(path, formats) if text in self._notebooks]
            if texts:
                found |= dict.fromkeys([path, *texts[1:]], texts[0])
        return found

    def _formats(self, paths: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield the formats that a notebook's own file, its text or jupytext's settings name."""
        siblings = {
            text
            for path in paths
            for text in self._texts.get(PurePosixPath(path).with_suffix(""), ())
        }
        headers = {text: data[:_HEADER_BYTES] for text, data in self._source.read(siblings)}
        settings = dict(self._settings())
        for path, data in self._source.read(paths):
            texts = self._texts.get(PurePosixPath(path).with_suffix(""), ())
            named = [_IN_JSON.search(data)]
            named += [_IN_TEXT.search(headers[text]) for text in texts if text in headers]
            formats = next((match[1].decode("utf-8", "replace") for match in named if match), None)
            if formats is None:
                folders = map(str, PurePosixPath(path).parents)
                formats = next((settings[folder] for folder in folders if folder in settings), None)
            if formats:
                yield path, formats

    def _settings(self) -> Iterator[tuple[str, str]]:
        """Yield the formats that hold for all notebooks of a folder."""
        names = {"jupytext.toml", ".jupytext.toml", "pyproject.toml"}
        files = [entry.path for entry in self._source.entries()]
        for path, data in self._source.read(
            path for path in files if path.rpartition("/")[2] in names
        ):
            settings = read_toml(data)
            if path.endswith("pyproject.toml"):
                settings = table_at(settings, "tool", "jupytext")
            if isinstance(formats := settings.get("formats"), str):
                yield str(PurePosixPath(path).parent), formats


def _partners(path: str, formats: str) -> list[str]:
    """Return the paths of the text notebooks that *formats* pairs with an `.ipynb` file."""
    # jupytext takes half a second to import.
    from jupytext.formats import JupytextFormatError, long_form_multiple_formats
    from jupytext.paired_paths import InconsistentPath, paired_paths

    try:
        pairs = paired_paths(path, {"extension": ".ipynb"}, long_form_multiple_formats(formats))
    except (InconsistentPath, JupytextFormatError):
        return []
    return [str(partner) for partner, _ in pairs if partner != path]
