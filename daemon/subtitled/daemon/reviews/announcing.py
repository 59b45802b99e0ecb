"""The events for notifiers that a person approved or reopened a subtitle.

An event is stored in the transaction of what it is about.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from subtitled.config.load import Configuration
from subtitled.db.actors import Actor
from subtitled.db.notifications import record_event
from subtitled.notify.notifiers import choose_notifiers
from subtitled.plugin import Language, ReviewReopened, SubtitleApproved, SubtitleKind

from ..review_notices import link_to
from .open_review import OpenReview

RecordApproved = Callable[[sa.Connection, tuple[Path, ...]], None]
RecordReopened = Callable[[sa.Connection], None]


@dataclass(frozen=True, slots=True)
class ReviewedSubtitle:
    """The subtitle that an event is about."""

    review_id: int
    media: Path
    language: Language
    kind: SubtitleKind

    @classmethod
    def of(cls, review: OpenReview) -> ReviewedSubtitle:
        """Return that of a review."""
        record = review.record
        return cls(record.id, review.file.path, record.language, record.kind)


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
    configuration: Configuration, subtitle: ReviewedSubtitle, by: str
) -> RecordReopened:
    """Return what stores the event that somebody reopened a review."""
    event = ReviewReopened(
        media=subtitle.media,
        language=subtitle.language,
        kind=subtitle.kind,
        by=by,
        link=_link(configuration, subtitle.review_id),
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
        link=_link(configuration, review.record.id),
    )


def _link(configuration: Configuration, review_id: int) -> str:
    return link_to(configuration, f"/review/{review_id}")
