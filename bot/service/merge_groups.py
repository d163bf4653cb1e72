"""Reviews of what a merge queue is about to merge."""

from __future__ import annotations

from bot.forges.github.events import MergeGroupEvent
from bot.model import ReviewRequest
from bot.service.engine import Engine
from bot.service.place import Place
from bot.service.store import NewReview, give_up, reviews_of, start_review


def take_group(engine: Engine, place: Place, event: MergeGroupEvent) -> None:
    """Begin the review of a merge group, or give it up where the group was destroyed.

    A group that is known to be destroyed before it is told of is not reviewed any more: the ref of
    a group is used once.
    """
    with engine.database.begin() as connection:
        start_review(connection, _new_review(place, event))
        if event.action == "destroyed":
            for review in reviews_of(connection, place.repository_id, event.head_ref):
                give_up(connection, review.id, "the merge group was dissolved")


def _new_review(place: Place, event: MergeGroupEvent) -> NewReview:
    return NewReview(
        repository_id=place.repository_id,
        installation_id=place.installation_id,
        number=None,
        base_ref=event.base_ref,
        cause=f"group:{event.head_ref}:{event.head_sha}",
        request=ReviewRequest(
            repository=place.full_name,
            ref=event.head_ref,
            base=event.base_sha,
            head=event.head_sha,
        ),
    )
