"""What is forgotten: what is over and older than it is to be kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select, text

from bot.service.database import Database
from bot.service.pace import forget_old_writes
from bot.service.tables import deliveries, reviews

_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes reviews with their reports, and deliveries, after *days*.

    The newest review of each pull request or branch stays: a head that was reviewed is not reviewed
    again because of that.
    """

    database: Database
    reports: Path
    days: float

    def forget(self) -> None:
        """Remove what is old, a part at a time."""
        with self.database.begin() as connection:
            forget_old_writes(connection)
            age = func.now() - text(f"interval '{float(self.days)} days'")
            connection.execute(
                delete(deliveries).where(
                    deliveries.c.state != "waiting", deliveries.c.received_at < age
                )
            )
            newer = reviews.alias("newer")
            has_newer = (
                select(newer.c.id)
                .where(
                    newer.c.repository_id == reviews.c.repository_id,
                    newer.c.ref == reviews.c.ref,
                    newer.c.id > reviews.c.id,
                )
                .exists()
            )
            old = (
                select(reviews.c.id, reviews.c.page_key, has_newer)
                .where(reviews.c.is_over, reviews.c.is_shown, reviews.c.over_at < age)
                .limit(_MOST_AT_ONCE)
            )
            rows = connection.execute(old).all()
            gone = [review_id for review_id, _, is_replaced in rows if is_replaced]
            connection.execute(delete(reviews).where(reviews.c.id.in_(gone)))
        for _, page_key, _ in rows:
            shutil.rmtree(self.reports / page_key, ignore_errors=True)
