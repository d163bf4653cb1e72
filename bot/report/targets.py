"""Where a report is written: its folder, and files of their own for other programs."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.errors import UsageError
from bot.model import Review, printable
from bot.report.folder import begin_report, drop_notebooks, write_report
from bot.report.json_report import review_json

STANDARD_OUTPUT = Path("-")


class Targets:
    """The report's folder, and the files that were asked for beside it.

    They are known by their absolute paths: a notebook may take our working directory away.
    """

    def __init__(self, *, report: Path, junit: Path | None, json: Path | None) -> None:
        self.folder = report.absolute()
        self._junit = junit
        self._json = json
        self._absolute = {
            path: path.absolute() for path in (junit, json) if path and path != STANDARD_OUTPUT
        }

    def prepare(self) -> None:
        """See to it, before anything runs, that all of them can be written.

        Verdicts of an earlier run go: whoever finds one after this knows it is of this run. Raises
        UsageError for a place that cannot be written.
        """
        if self._junit is not None and self._junit == self._json:
            raise UsageError("--junit and --json cannot go to the same place")
        begin_report(self.folder)
        if self._is_ours_alone():
            drop_notebooks(self.folder)
        for path in self._absolute.values():
            try:
                _empty(path)
            except OSError as error:
                raise UsageError(_problem(path, error)) from None

    def _is_ours_alone(self) -> bool:
        """Whether no other nbci writes to the folder; until this process ends, it knows of us.

        Two at once share a report: both have their notebooks in it, the later one the first page.
        """
        held = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # somebody holds it, or locks are unknown to the file system
            alone = False
        else:
            alone = True
        with contextlib.suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return alone

    def write(self, review: Review) -> list[str]:
        """Write all of them; return a line for each that could not be written."""
        problems = []
        for path, write in self._writers(review):
            try:
                write()
            except OSError as error:
                problems.append(_problem(path, error))
        return problems

    def _writers(self, review: Review) -> Iterator[tuple[Path, Callable[[], None]]]:
        yield self.folder, lambda: write_report(review, self.folder)
        if self._json:
            text = json.dumps(review_json(review), indent=2) + "\n"
            yield self._json, lambda: self._put(self._json, text)
        if self._junit:
            from bot.report.junit import junit_xml

            yield self._junit, lambda: self._put(self._junit, junit_xml(review))

    def _put(self, path: Path | None, text: str) -> None:
        if path is None or path == STANDARD_OUTPUT:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        target = self._absolute[path]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def _empty(path: Path) -> None:
    """Make *path* an empty file; pipes and devices are left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() or not path.exists():
        path.write_bytes(b"")


def _problem(path: Path, error: OSError) -> str:
    name = "standard output" if path == STANDARD_OUTPUT else printable(str(path))
    return f"{name} cannot be written: {error.strerror}"
