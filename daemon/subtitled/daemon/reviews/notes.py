"""Notes on the cues of a review: threads that several people write, and that somebody resolves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.db.actors import Actor
from subtitled.db.cue_notes import CueNote
from subtitled.plugin.limits import clean_text

from .errors import ReviewError, ReviewNotFoundError
from .service import ReviewService
from .versions import other_subtitle

MAX_NOTE_CHARACTERS = 2000
MAX_NOTES = 5000
"""Most notes of one review, because a page shows them all."""


class NoteError(ReviewError):
    """A note cannot be kept."""


@dataclass(frozen=True, slots=True)
class NoteThread:
    """A note, and the answers to it."""

    first: CueNote
    answers: tuple[CueNote, ...]


def list_threads(notes: Sequence[CueNote]) -> list[NoteThread]:
    """Return notes as threads, in the order of their first notes."""
    answers: dict[int | None, list[CueNote]] = {}
    for note in notes:
        answers.setdefault(note.answers, []).append(note)
    return [NoteThread(first, tuple(answers.get(first.id, ()))) for first in answers.get(None, ())]


def add_note(
    service: ReviewService,
    review_id: int,
    text: str,
    actor: Actor,
    *,
    cue: str = "",
    answers: int | None = None,
) -> CueNote:
    """Write a note on a cue, or an answer to one. Also an approved subtitle has notes.

    Args:
        service: The service of reviews.
        review_id: The review.
        text: What is written.
        actor: Who writes.
        cue: The id of the cue; an answer is about that of its thread.
        answers: The note that is answered.

    Raises:
        ReviewNotFoundError: There is no such cue, or no such note.
        NoteError: The note is empty, or there are too many.
    """
    review = service.load(review_id)
    cleaned = clean_text(text, MAX_NOTE_CHARACTERS).strip()
    if not cleaned:
        raise NoteError("the note is empty", "Write what is to be done about the cue")
    known = service.db.cue_notes.of_review(review_id)
    if len(known) >= MAX_NOTES:
        raise NoteError(f"this review has {MAX_NOTES} notes already", "Correct the cue itself")
    if answers is not None:
        answered = next((one for one in known if one.id == answers), None)
        if answered is None:
            raise ReviewNotFoundError(f"there is no note {answers}", "Read the notes again")
        cue, answers = answered.cue, answered.answers or answered.id
    elif cue not in review.document.by_id:
        raise ReviewNotFoundError(
            f"there is no cue {cue!r} in version {review.version}", "Read the review again"
        )
    note = service.db.cue_notes.add(
        review_id, cue, cleaned, actor, answers=answers, base=review.unstored_base
    )
    if note is None:
        raise other_subtitle()
    return note


def resolve_note(
    service: ReviewService, review_id: int, note_id: int, actor: Actor, *, is_resolved: bool = True
) -> None:
    """Record that a thread is resolved, or open it again.

    Raises:
        ReviewNotFoundError: There is no such thread.
    """
    by = actor.name if is_resolved else None
    if not service.db.cue_notes.set_resolved(review_id, note_id, by):
        raise ReviewNotFoundError(f"there is no thread {note_id}", "Read the notes again")
