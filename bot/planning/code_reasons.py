"""The reasons that notebooks have in what they import and run."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.config import Config
from bot.planning.changed import Changed
from bot.planning.fact_cache import FactCache
from bot.planning.impact import Impact
from bot.planning.layout import Layout
from bot.planning.library import Library
from bot.planning.links import Links
from bot.planning.project_roots import project_roots
from bot.planning.reading import role_of
from bot.planning.source import EntryKind, Source
from bot.planning.wording import at_most, chain_reason


class CodeReasons:
    """Why a change concerns notebooks through their code and that of the repository.

    When nothing changed that code could make use of, no file is read.
    """

    def __init__(
        self,
        source: Source,
        config: Config,
        changed: Changed,
        notebooks: Collection[str],
        cache: FactCache,
    ) -> None:
        """Read the modules, and the *notebooks*."""
        self._happened = dict(changed.happened)
        self._impact: Impact | None = None
        entries = source.entries()
        links = {entry.path for entry in entries if entry.kind is EntryKind.SYMLINK}
        code = {
            path
            for path in changed.happened
            if path in links or role_of(path, is_notebook=config.is_notebook(path)) is not None
        }
        if not code:
            return
        layout = Layout(entries, changed.gone, code)
        self._happened |= dict.fromkeys(layout.relinked, "changed")
        library = Library(source, cache, notebooks)
        library.load([*layout.index.files, *notebooks])
        self._impact = Impact(
            library,
            Links(library, layout, project_roots(source)),
            layout.index,
            {*code, *layout.relinked},
        )

    def reasons_for(self, notebook: str) -> Iterator[str]:
        """Yield what *notebook* imports and runs that changed, the nearest first."""
        if self._impact is None:
            return
        chains, total = self._impact.reached_from(notebook)
        reasons = [chain_reason(chain, self._happened[chain[-1].path]) for chain in chains]
        yield from at_most(reasons, total, "changed file", "changed files")
