"""The facts of a source's files: from the cache where it knows the content, else from the files."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bot.planning.blobs import blob_id
from bot.planning.fact_cache import FactCache
from bot.planning.facts import Facts
from bot.planning.reading import Role, read_facts, role_of
from bot.planning.source import EntryKind, Source

_NOTHING = Facts()


class Library:
    """Facts by path; files are read when they are first asked for, many at a time."""

    def __init__(self, source: Source, cache: FactCache, notebooks: Collection[str]) -> None:
        """Take where files come from; *notebooks* are those to be read as such."""
        self._source = source
        self._cache = cache
        self._notebooks = frozenset(notebooks)
        self._entries = {
            entry.path: entry for entry in source.entries() if entry.kind is EntryKind.FILE
        }
        self._facts: dict[str, Facts] = {}

    def load(self, paths: Iterable[str]) -> None:
        """Make the facts of *paths* known; those of a file that says nothing are empty."""
        wanted = {
            path: role
            for path in paths
            if path not in self._facts and (role := self._role(path)) is not None
        }
        if not wanted:
            return
        self._facts |= dict.fromkeys(wanted, _NOTHING)
        keys = {
            path: _key(role, self._entries[path].blob)
            for path, role in wanted.items()
            if self._entries[path].blob
        }
        cached = self._cache.get(list(dict.fromkeys(keys.values())))
        known = {path: cached[key] for path, key in keys.items() if key in cached}
        self._facts |= known
        self._read({path: role for path, role in wanted.items() if path not in known})

    def facts_of(self, path: str) -> Facts:
        """Return the facts of the file at *path*, read now if it was not loaded before."""
        if path not in self._facts:
            self.load([path])
        return self._facts.get(path, _NOTHING)

    def _role(self, path: str) -> Role | None:
        if path not in self._entries:
            return None
        return role_of(path, is_notebook=path in self._notebooks)

    def _read(self, wanted: dict[str, Role]) -> None:
        new: dict[str, Facts] = {}
        for path, data in self._source.read(wanted):
            key = _key(wanted[path], blob_id(data, like=self._entries[path].blob))
            facts = new.get(key) or read_facts(path, data, wanted[path])
            if facts is None:
                # Not kept: a filter such as git-lfs may stand between this content and the blob.
                continue
            self._facts[path] = new[key] = facts
        self._cache.put(new)


def _key(role: Role, blob: str) -> str:
    return f"{role.value}:{blob}"
