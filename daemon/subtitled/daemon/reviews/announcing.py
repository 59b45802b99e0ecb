"""The events for notifiers that a person approved or reopened a subtitle.

An event is stored in the transaction of what it is about.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from subtitled.config.load import Configuration
from subtitled.db.actors import Actor
from subtitled.db.notifications import record_event
from subtitled.notify.notifiers import choose_notifiers
from subtitled.plugin import ReviewEvent, ReviewReopened, SubtitleApproved

from ..review_notices import link_to
from .open_review import OpenReview

RecordApproved = Callable[[sa.Connection, tuple[Path, ...]], None]
RecordReopened = Callable[[sa.Connection], None]


def prepare_approved(
    configuration: Configuration, review: OpenReview, actor: Actor
) -> RecordApproved:
    """Return what stores the event of an approval for the notifiers that ask for it.

    Notifiers are asked here, because no code of a plugin may run within a transaction.
    """
    names = choose_notifiers(configuration, _approved(configuration, review, actor, ()))

    def record(connection: sa.Connection, sidecars: tuple[Path, ...]) -> None:
        event = _approved(configuration, review, actor, sidecars)
        record_event(connection, names, event, time.time())

    return record


def prepare_reopened(
    configuration: Configuration, review: OpenReview, actor: Actor
) -> RecordReopened:
    """Return what stores the event that a review was reopened."""
    event: ReviewEvent = ReviewReopened(
        media=review.file.path,
        language=review.record.language,
        kind=review.record.kind,
        by=actor.name,
        link=_link(configuration, review),
    )
    names = choose_notifiers(configuration, event)
    return lambda connection: record_event(connection, names, event, time.time())


def _approved(
    configuration: Configuration, review: OpenReview, actor: Actor, sidecars: tuple[Path, ...]
) -> SubtitleApproved:
    return SubtitleApproved(
        media=review.file.path,
        sidecars=sidecars,
        language=review.record.language,
        kind=review.record.kind,
        by=actor.name,
        link=_link(configuration, review),
    )


def _link(configuration: Configuration, review: OpenReview) -> str:
    return link_to(configuration, f"/review/{review.record.id}")
