"""The second reader: who approves a text is not who edited it, if the library wants that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from subtitled.db.actors import Actor
from subtitled.db.operations import StoredOperation
from subtitled.subtitles.review.editors import Reading, find_unread_edits
from subtitled.subtitles.review.undoing import LoggedOperation

from .errors import SecondReaderError
from .open_review import OpenReview


@dataclass(frozen=True, slots=True)
class SecondReading:
    """What the library wants of the person who approves a review."""

    is_wanted: bool
    """Whether somebody edited the text, and the library wants a second reader."""
    editors: tuple[str, ...]
    """The names of those whose edits nobody else has approved, in the order of their edits."""
    is_open_to_actor: bool
    """Whether the person may approve it."""


def describe_second_reading(review: OpenReview, actor: Actor) -> SecondReading:
    """Return whose edits nobody else has approved, and whether a person may approve the text.

    Args:
        review: The review.
        actor: The person.
    """
    edits = _unread_edits(review)
    is_wanted = bool(edits) and review.library.second_reader
    is_editor = _is_any(actor, edits)
    return SecondReading(
        is_wanted=is_wanted,
        editors=tuple(dict.fromkeys(edit.actor for edit in edits)),
        is_open_to_actor=not (is_wanted and is_editor),
    )


def check_second_reader(review: OpenReview, actor: Actor) -> SecondReading:
    """Check that a person may approve a text, and return what the library wants.

    Raises:
        SecondReaderError: They edited it, and the library wants another person to approve it.
    """
    reading = describe_second_reading(review, actor)
    if not reading.is_open_to_actor:
        raise SecondReaderError(
            f"this subtitle waits for another reader: {', '.join(reading.editors)} edited it",
            "Have somebody approve it who did not edit it, or undo your own edits: the library has "
            "`second_reader`",
        )
    return reading


def _unread_edits(review: OpenReview) -> list[StoredOperation]:
    """Return the edits that are in the text and that nobody else has approved."""
    log = [
        LoggedOperation(version=one.version, actor="", kind=one.kind, reverts=one.reverts)
        for one in review.log
    ]
    readings = [
        Reading(
            approval.version,
            frozenset(one.version for one in review.log if _is_any(approval.actor, [one])),
        )
        for approval in review.approvals
    ]
    return [review.log[version - 1] for version in find_unread_edits(log, readings)]


def _is_any(actor: Actor, edits: Iterable[StoredOperation]) -> bool:
    """Return whether a person made one of some edits."""
    return any(actor.may_be(edit.actor, edit.person) for edit in edits)
