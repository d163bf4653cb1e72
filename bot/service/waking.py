"""When a review is due without anything having happened, it gets a job."""

from __future__ import annotations

from sqlalchemy import Column, Connection, func, select, text, update

from bot.service import jobs
from bot.service.database import defer_in
from bot.service.tables import deliveries, reviews

MOST_AT_ONCE = 500


def wake_due(connection: Connection) -> None:
    """Give a job to each review whose time to be looked at, or to be shown, has come."""
    for review_id in _taken(connection, reviews.c.look_again_at):
        defer_in(connection, jobs.advance(review_id))
    for review_id in _taken(connection, reviews.c.show_again_at):
        defer_in(connection, jobs.show(review_id))


def wake_forgotten(connection: Connection, seconds: float) -> None:
    """Give a job to what is not at its end and has none, and did not for *seconds*.

    There should be none: this is for what nobody has thought of.
    """
    age = text(f"interval '{float(seconds)} seconds'")
    busy = "EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND "
    idle_look = text(f"NOT {busy} lock = 'review:' || reviews.id)")
    idle_show = text(f"NOT {busy} lock = 'show:' || reviews.id)")
    unlooked = select(reviews.c.id).where(
        ~reviews.c.is_over,
        reviews.c.look_again_at.is_(None),
        reviews.c.created_at < func.now() - age,
        idle_look,
    )
    for review_id in connection.execute(unlooked.limit(MOST_AT_ONCE)).scalars():
        defer_in(connection, jobs.advance(review_id))
    unshown = select(reviews.c.id).where(
        ~reviews.c.is_shown,
        reviews.c.is_over,
        reviews.c.show_again_at.is_(None),
        reviews.c.over_at < func.now() - age,
        idle_show,
    )
    for review_id in connection.execute(unshown.limit(MOST_AT_ONCE)).scalars():
        defer_in(connection, jobs.show(review_id))


def wake_deliveries(connection: Connection, seconds: float) -> None:
    """Give a job to each delivery that waits: for its next try, or for *seconds* without a job."""
    age = text(f"interval '{float(seconds)} seconds'")
    due = func.coalesce(deliveries.c.try_again_at, deliveries.c.received_at + age) <= func.now()
    idle = text(
        "NOT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        " AND task_name = 'take_delivery' AND args ->> 'delivery' = deliveries.id)"
    )
    wanted = (
        select(deliveries.c.id)
        .where(deliveries.c.state == "waiting", due, idle)
        .order_by(deliveries.c.received_at)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    for delivery in connection.execute(wanted).scalars():
        defer_in(connection, jobs.take_delivery(delivery))


def _taken(connection: Connection, when: Column[object]) -> list[int]:
    """Return the reviews for which the time *when* has come, each to one caller only."""
    due = (
        select(reviews.c.id)
        .where(when <= func.now())
        .order_by(when)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = update(reviews).where(reviews.c.id.in_(due)).values({when: None})
    return list(connection.execute(taken.returning(reviews.c.id)).scalars())
