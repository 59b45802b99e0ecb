"""The notes of a review, as JSON has them."""

from __future__ import annotations

from typing import Any

from subtitled.db.cue_notes import CueNote

from ..reviews.notes import list_threads
from ..reviews.open_review import OpenReview
from ..reviews.service import ReviewService


def show_notes(service: ReviewService, review: OpenReview) -> dict[str, Any]:
    """Return the threads of a review, those of the first cue first."""
    document, base = review.document, review.base_document
    numbers = {cue.id: place for place, cue in enumerate(document.cues, 1)}
    items = []
    for thread in list_threads(service.db.cue_notes.of_review(review.record.id)):
        cue = document.by_id.get(thread.first.cue) or base.by_id.get(thread.first.cue)
        items.append(
            describe_note(thread.first)
            | {
                "number": numbers.get(thread.first.cue),
                "start": None if cue is None else cue.start,
                "resolved_by": thread.first.resolved_by,
                "resolved_at": thread.first.resolved_at,
                "answers": [describe_note(one) for one in thread.answers],
            }
        )
    items.sort(key=lambda item: (item["start"] is None, item["start"] or 0.0, item["id"]))
    return {"items": items}


def describe_note(note: CueNote) -> dict[str, Any]:
    """Return one note."""
    return {"id": note.id, "cue": note.cue, "text": note.text, "by": note.actor, "at": note.at}
