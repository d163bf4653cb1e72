"""What a step reviews."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is reviewed: the commit `head`, and the pull request it is the head of, if any.

    `in_place` says whether the notebooks run where they are checked out, or in a copy. Without
    `notebooks`, and unless `everything` is asked for, those that the change affects are run.
    """

    head: str
    ref: str
    number: int | None = None
    in_place: bool = True
    everything: bool = False
    notebooks: tuple[str, ...] = ()
