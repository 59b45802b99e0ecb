"""Passages of a review that other engines are asked about, as JSON has them."""

from __future__ import annotations

from typing import Any

from subtitled.db.passages import PassageRecord
from subtitled.subtitles.review.document import round_time

from ..reviews.open_review import OpenReview
from ..reviews.passages import list_engines
from ..reviews.service import ReviewService


def show_passages(service: ReviewService, review: OpenReview) -> dict[str, Any]:
    """Return which engines may be asked, and what was asked, the last first."""
    return {
        "engines": [
            {
                "name": one.name,
                "destination": one.destination,
                "refusal": one.refusal,
                "hint": one.hint,
            }
            for one in list_engines(service.configuration, review)
        ],
        "items": [
            describe_passage(one)
            for one in reversed(service.db.passages.of_review(review.record.id))
        ],
    }


def describe_passage(passage: PassageRecord) -> dict[str, Any]:
    """Return one passage."""
    return {
        "id": passage.id,
        "start": round_time(passage.span.start),
        "end": round_time(passage.span.end),
        "engine": passage.engine,
        "status": str(passage.status),
        "text": "".join(word.text for word in passage.words).strip(),
        "reason": passage.reason,
        "hint": passage.hint,
        "by": passage.actor,
        "at": passage.at,
        "ended_at": passage.ended_at,
    }
