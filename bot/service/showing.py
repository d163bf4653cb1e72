"""The job that brings what GitHub shows in step with a review."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter
from sqlalchemy import func, select, update

from bot.forges.github.api import Api
from bot.forges.github.checks import Checks
from bot.forges.github.comments import Comments
from bot.forges.github.forge import GitHubForge
from bot.forges.github.repository import GitHubRepository
from bot.model import Run
from bot.publishing import Appearance, Memory, Publisher
from bot.report.comment import is_ours
from bot.report.folder import write_page, write_report
from bot.report.pages import Pages
from bot.service.database import Database
from bot.service.github_access import GitHubAccess
from bot.service.jobs import Lease
from bot.service.place import Place, place_of
from bot.service.store import Overtaken, ReviewRow, read_review
from bot.service.tables import reviews

CHECK = "nbci"
"""The name of the summary check run."""


@dataclass
class Remembered:
    """What is stored of a review that is being shown.

    Beside what the Publisher knows, the ids of what GitHub has: of check runs by their external id,
    and of the comment.
    """

    publisher: Memory = field(default_factory=Memory)
    checks: dict[str, int] = field(default_factory=dict)
    comment: int | None = None


_REMEMBERED = TypeAdapter(Remembered)


@dataclass(frozen=True, slots=True)
class Showing:
    """Shows reviews on GitHub, and in folders below *reports* that the web serves.

    `public_url` is where the web is reached, None where it is not.
    """

    database: Database
    access: GitHubAccess
    reports: Path
    public_url: str | None
    clock: Callable[[], float] = time.time

    def show(self, review_id: int, lease: Lease) -> None:
        """Write what differs from what GitHub shows of a review, as far as GitHub lets us now.

        Raises Overtaken when the job is not ours any more.
        """
        with self.database.begin() as connection:
            row = read_review(connection, review_id)
            if row is None or row.is_shown:
                return
            place = place_of(connection, row.repository_id)
        if not place.is_reachable:
            self.finish(row, None, is_shown=True)
            return
        if place.paused_until > self.clock():
            self.finish(row, None, again=place.paused_until)
            return
        _Show(self, row, place, lease).run()

    def is_newest(self, row: ReviewRow) -> bool:
        """Return whether nothing has changed since *row* was read."""
        with self.database.begin() as connection:
            wanted = select(reviews.c.version).where(reviews.c.id == row.id)
            return connection.execute(wanted).scalar_one_or_none() == row.version

    def is_last(self, row: ReviewRow) -> bool:
        """Return whether no later review of the same pull request has begun."""
        with self.database.begin() as connection:
            later = select(reviews.c.id).where(
                reviews.c.repository_id == row.repository_id,
                reviews.c.ref == row.ref,
                reviews.c.id > row.id,
            )
            return connection.execute(later.limit(1)).first() is None

    def remember(self, row: ReviewRow, memory: Remembered) -> None:
        """Store what is known of what GitHub shows."""
        with self.database.begin() as connection:
            connection.execute(
                update(reviews).where(reviews.c.id == row.id).values(shown=_text(memory))
            )

    def finish(
        self,
        row: ReviewRow,
        memory: Remembered | None,
        *,
        again: float | None = None,
        is_shown: bool = False,
    ) -> None:
        """Store how far showing a review has come, unless there is something newer to show."""
        values: dict[str, object] = {
            "show_again_at": None if again is None else func.to_timestamp(again),
            "is_shown": is_shown,
            "failures": 0,
        }
        if memory is not None:
            values["shown"] = _text(memory)
        with self.database.begin() as connection:
            newest = (reviews.c.id == row.id, reviews.c.version == row.version)
            connection.execute(update(reviews).where(*newest).values(values))


class _Show:
    """One job's work on one review."""

    def __init__(self, showing: Showing, row: ReviewRow, place: Place, lease: Lease) -> None:
        self._showing = showing
        self._row = row
        self._place = place
        self._lease = lease
        self._memory = (
            _REMEMBERED.validate_python(json.loads(row.shown)) if row.shown else Remembered()
        )
        api = showing.access.api(place, before_write=self._check_is_ours)
        self._comments = None if row.number is None else self._living_comment(api, row.number)
        self._forge = GitHubForge(
            GitHubRepository(api, place.full_name),
            row.head_sha,
            checks=Checks(api, place.full_name, row.head_sha, unique=True, ids=self._memory.checks),
            comments=self._comments,
            summary=CHECK,
        )

    def run(self) -> None:
        """Take one step after another until the next one is to wait."""
        publisher = self._publisher()
        while (again := publisher.step()) is not None and again <= self._showing.clock():
            self._remember()
            if not self._showing.is_newest(self._row):
                self._reread()
                publisher = self._publisher()
        self._note_comment()
        is_shown = again is None and self._row.is_over
        self._showing.finish(self._row, self._memory, again=again, is_shown=is_shown)

    def _publisher(self) -> Publisher:
        """Return what shows the review as it stands now."""
        showing = self._showing
        if showing.public_url is not None:
            write_report(self._row.review, self._folder)
        publisher = Publisher(
            self._forge,
            self._appearance(),
            pace=showing.access.pace(self._place),
            clock=showing.clock,
            epoch=showing.clock,
            memory=self._memory.publisher,
        )
        publisher.show(self._row.review, self._row.version)
        return publisher

    def _reread(self) -> None:
        with self._showing.database.begin() as connection:
            row = read_review(connection, self._row.id)
        if row is None:
            raise Overtaken(f"review {self._row.id} was removed")
        self._row = row

    def _remember(self) -> None:
        self._note_comment()
        self._showing.remember(self._row, self._memory)

    def _note_comment(self) -> None:
        if self._comments is not None:
            self._memory.comment = self._comments.living

    def _check_is_ours(self) -> None:
        """Keep a worker that was asleep from writing what another has written meanwhile."""
        if not self._lease():
            raise Overtaken(f"somebody else shows review {self._row.id}")

    def _living_comment(self, api: Api, number: int) -> Comments:
        return Comments(
            api,
            self._place.full_name,
            number,
            is_ours=is_ours,
            login=f"{self._showing.access.app.slug}[bot]",
            living=self._memory.comment,
        )

    def _appearance(self) -> Appearance:
        """Return how it is shown: the comment belongs to the newest review of a pull request."""
        return Appearance(
            name=CHECK,
            started=self._row.began,
            comment=self._comments is not None and self._showing.is_last(self._row),
            pages=self._pages(),
            commands=self._row.number is not None,
            buttons=True,
        )

    def _pages(self) -> Pages:
        if self._showing.public_url is None:
            return Pages()
        top = f"{self._showing.public_url}/reports/{self._row.page_key}"

        def link(run: Run) -> str | None:
            page = write_page(run, self._folder)
            return None if page is None else f"{top}/{page}"

        return Pages(run=link, report=f"{top}/index.html")

    @property
    def _folder(self) -> Path:
        return self._showing.reports / self._row.page_key


def _text(memory: Remembered) -> str:
    return json.dumps(_REMEMBERED.dump_python(memory, mode="json"))
