"""Facts kept on disk between plans, under git's id of the content they were drawn from.

Only a convenience: whatever is wrong with the file, planning goes on as if it were empty.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from bot.planning.facts import Facts

# To be counted up whenever the same bytes give other facts than before.
_VERSION = 1
_MOST_ROWS = 200_000
_PORTION = 500
# Another process may be writing; what it keeps us from is found out faster by reading the files.
_PATIENCE_SECONDS = 0.5


def default_folder() -> Path:
    """Return the folder of the user's caches that is ours."""
    return user_cache_path("nbci", appauthor=False)


class FactCache:
    """Facts by key in one SQLite file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"planning-{_VERSION}.sqlite3"

    def get(self, keys: Sequence[str]) -> dict[str, Facts]:
        """Return the facts of those of *keys* that are known."""
        found: dict[str, Facts] = {}
        with self._forgiving(), closing(self._open("ro")) as database:
            for start in range(0, len(keys), _PORTION):
                portion = keys[start : start + _PORTION]
                marks = ",".join("?" * len(portion))
                query = f"SELECT key, facts FROM facts WHERE key IN ({marks})"  # noqa: S608 - marks
                for key, text in database.execute(query, portion):
                    found[key] = Facts.from_json(text)
        return found

    def put(self, facts: Mapping[str, Facts]) -> None:
        """Keep *facts*; the oldest are given up where there are too many."""
        if not facts:
            return
        with self._forgiving():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open("rwc")) as database, database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, facts TEXT)"
                )
                database.executemany(
                    "INSERT OR REPLACE INTO facts VALUES (?, ?)",
                    [(key, value.to_json()) for key, value in facts.items()],
                )
                database.execute(
                    "DELETE FROM facts WHERE rowid <= (SELECT max(rowid) FROM facts) - ?",
                    [_MOST_ROWS],
                )

    def _open(self, mode: str) -> sqlite3.Connection:
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        database = sqlite3.connect(uri, uri=True, timeout=_PATIENCE_SECONDS)
        database.execute("PRAGMA synchronous = OFF")
        return database

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError:
            pass  # missing, locked, or nothing may be written here
        except OSError:
            pass  # no folder for it
        except (sqlite3.DatabaseError, ValueError, TypeError):
            # Not what we wrote: away with it, so that the next plan can start a new one.
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
