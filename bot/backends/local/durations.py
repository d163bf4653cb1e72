"""How long notebooks took the last time on this machine, so that the longest can start first."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

from bot.model import Run

_MOST = 20_000


class Durations:
    """Seconds by notebook and parameters, kept in a file of the user's cache.

    The file is a hint and nothing else: one that is missing, broken or cannot be written makes the
    order of runs less good.
    """

    def __init__(self, repository: str, path: Path | None = None) -> None:
        self._repository = repository
        self._path = path or user_cache_path("nbci") / "durations.json"
        self._fresh: dict[str, float] = {}
        self._known = self._load()

    def of(self, run: Run) -> float | None:
        """Return the seconds a run took the last time, None when that is not known."""
        return self._known.get(self._key(run))

    def note(self, run: Run, seconds: float) -> None:
        """Remember how long a run took."""
        self._fresh[self._key(run)] = round(seconds, 2)

    def save(self) -> None:
        """Write what was noted, beside what others wrote meanwhile."""
        if not self._fresh:
            return
        merged = {**self._load(), **self._fresh}
        latest = dict(list(merged.items())[-_MOST:])
        part = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(latest))
            part.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()

    def _key(self, run: Run) -> str:
        return json.dumps([self._repository, run.notebook, sorted(run.parameters.items())])

    def _load(self) -> Mapping[str, float]:
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}
