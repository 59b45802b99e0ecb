"""The review queue, and one review with everything that a person needs to go through it."""

from __future__ import annotations

import bisect
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from subtitled.db.actors import Actor
from subtitled.db.database import Database
from subtitled.db.operations import CueVerdict, StoredOperation
from subtitled.db.review_records import CueEstimate, ReviewFilter, ReviewPosition, ReviewRecord
from subtitled.subtitles.review.changes import Change
from subtitled.subtitles.review.document import Document, ReviewCue, round_time
from subtitled.subtitles.review.encoding import decode_change
from subtitled.subtitles.review.findings import Finding, find_violations_of, measure_cue

from ..reviews.editing import EditResult
from ..reviews.open_review import OpenReview
from ..reviews.second_reader import describe_second_reading
from ..reviews.service import ReviewService
from ..reviews.versions import VersionTag
from ..reviews.ways import is_reworked
from .cursors import decode_score, encode_score
from .plain import to_plain

__all__ = ["ReviewFilter", "ReviewPage", "list_reviews", "show_edit", "show_review"]

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReview:
    """One review of the queue."""

    record: ReviewRecord
    verdicts: int
    """How many of its cues were judged."""
    is_source_corrected: bool = False
    """Whether a person corrected the text that it was translated from."""

    def to_dict(self) -> dict[str, Any]:
        """Return the review as JSON has it."""
        return describe_review(self.record) | {
            "verdict_count": self.verdicts,
            "is_source_corrected": self.is_source_corrected,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """One page of the queue."""

    reviews: tuple[ListedReview, ...]
    next_cursor: str | None
    """Where the next page begins; None on the last page."""


def list_reviews(
    db: Database, wanted: ReviewFilter, after: str | None = None, limit: int = PAGE_SIZE
) -> ReviewPage:
    """Return one page of the queue, beginning with the most expected errors.

    Raises:
        CursorError: The cursor is none of this list.
    """
    position = ReviewPosition(*decode_score(after)) if after is not None else None
    size = min(max(limit, 1), MAX_PAGE_SIZE)
    # One more than the page, to know whether there is another page.
    records = db.reviews.page(wanted, position, size + 1)
    shown = records[:size]
    counts = db.operations.count_verdicts([record.id for record in shown])
    file_ids = [record.file_id for record in shown if record.file_id is not None]
    corrected = db.overview.corrected_translations(file_ids)
    return ReviewPage(
        reviews=tuple(
            ListedReview(
                record=record,
                verdicts=counts.get(record.id, 0),
                is_source_corrected=_subtitle_of(record) in corrected,
            )
            for record in shown
        ),
        next_cursor=(
            encode_score(shown[-1].expected_errors, shown[-1].id) if len(records) > size else None
        ),
    )


def _subtitle_of(record: ReviewRecord) -> tuple[int | None, str, str]:
    """Return the file, language and kind of a review, as the overview names a subtitle."""
    return record.file_id, str(record.language), str(record.kind)


def describe_review(record: ReviewRecord, now: float | None = None) -> dict[str, Any]:
    """Return a review without its cues, as JSON has it."""
    is_held = record.is_held(now or time.time())
    return {
        "id": record.id,
        "file_id": record.file_id,
        "path": to_plain(record.path),
        "library": record.library,
        "title": record.title,
        "language": str(record.language),
        "kind": str(record.kind),
        "status": str(record.status),
        "expected_errors": record.expected_errors,
        "flagged": record.flagged,
        "cue_count": record.cue_count,
        "version": record.version,
        "holder": record.holder if is_held else None,
        "held_until": record.held_until if is_held else None,
        "approved_by": record.approved_by,
        "approved_at": record.approved_at,
        "approved_version": record.approved_version,
        "updated_at": record.updated_at,
    }


def show_review(service: ReviewService, review: OpenReview, actor: Actor) -> dict[str, Any]:
    """Return a review as it is now, as JSON has it.

    Args:
        service: The service of reviews.
        review: The review.
        actor: The person, for what they can undo.
    """
    number = review.record.id
    estimates, elsewhere = service.estimates.find(review)
    verdicts = service.db.operations.verdicts_of(number)
    cues = describe_cues(review, range(len(review.document.cues)), estimates, verdicts)
    return {
        **describe_review(review.record),
        "version": review.version,
        "etag": format_tag(VersionTag.of(review)),
        "verdict_count": len(verdicts),
        "is_source_corrected": _subtitle_of(review.record)
        in service.db.overview.corrected_translations([review.file.id]),
        "format": review.base.format,
        "base_sha256": review.base.sha256,
        "is_estimated": review.has_current_estimate,
        "is_translation": review.is_translation,
        "rules": asdict(review.rules),
        "cues": cues,
        "findings": describe_findings(review.findings),
        "elsewhere": elsewhere,
        "second_reader": asdict(describe_second_reading(review, actor)),
        **next_steps(service, review, actor),
    }


def show_edit(service: ReviewService, result: EditResult, actor: Actor) -> dict[str, Any]:
    """Return what an edit did: the cues that it changed and those before them, as they are now.

    Args:
        service: The service of reviews.
        result: The edit.
        actor: The person, for what they can undo.
    """
    review, stored = result.review, result.operation
    change: Change = decode_change(stored.change) if stored is not None else ()
    places = places_near(review.document, change)
    verdicts = service.db.operations.verdicts_of(review.record.id)
    estimates, _ = service.estimates.find(review)
    present = review.document.by_id
    return {
        "version": review.version,
        "etag": format_tag(VersionTag.of(review)),
        "is_repeated": result.is_repeated,
        "operation": None if stored is None else describe_operation(stored),
        "cues": describe_cues(review, places, estimates, verdicts),
        "deleted": [part.cue for part in change if part.cue not in present],
        "findings": describe_findings(
            find_violations_of(places, review.document, review.record.language, review.rules)
        ),
        **next_steps(service, review, actor),
    }


def describe_operation(operation: StoredOperation) -> dict[str, Any]:
    """Return an operation of the log as JSON has it."""
    return {
        "version": operation.version,
        "id": operation.operation_id,
        "at": operation.at,
        "actor": operation.actor,
        "kind": operation.kind,
        "made_on": operation.made_on,
        "reverts": operation.reverts,
        "cues": [
            {
                "cue": part.cue,
                "before": describe_cue(part.before),
                "after": describe_cue(part.after),
            }
            for part in decode_change(operation.change)
        ],
    }


def describe_cue(cue: ReviewCue | None) -> dict[str, Any] | None:
    """Return the content of a cue as JSON has it."""
    if cue is None:
        return None
    return {"id": cue.id, "start": cue.start, "end": cue.end, "lines": list(cue.lines)}


def describe_findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as JSON has them."""
    return [to_plain(finding) | {"text": finding.text} for finding in findings]


def format_tag(tag: VersionTag) -> str:
    """Return a version as an ETag."""
    return f'"v{tag.version}-{tag.base}"'


def next_steps(service: ReviewService, review: OpenReview, actor: Actor) -> dict[str, Any]:
    """Return what a person would undo and redo, as JSON has it."""
    stacks = service.undo_stacks(review, actor)
    return {
        "undo": stacks.undo[-1] if stacks.undo else None,
        "redo": stacks.redo[-1] if stacks.redo else None,
    }


def describe_cues(
    review: OpenReview,
    places: Iterable[int],
    estimates: Sequence[CueEstimate],
    verdicts: Sequence[CueVerdict],
) -> list[dict[str, Any]]:
    """Return some cues of a review as JSON has them.

    Args:
        review: The review.
        places: The places of the cues in the current version.
        estimates: How likely cues of version 0 are wrong.
        verdicts: What people said of cues.
    """
    document, base = review.document, review.base_document.by_id
    estimate_by_cue = {str(one.index + 1): one for one in estimates}
    verdict_by_cue = {one.cue: one for one in verdicts}
    described = []
    for place in places:
        cue = document.cues[place]
        before = base.get(cue.id)
        # A corrected text is no longer the one that was estimated.
        is_as_estimated = before is not None and before.lines == cue.lines
        estimate = estimate_by_cue.get(cue.id) if is_as_estimated else None
        verdict = verdict_by_cue.get(cue.id)
        measures = measure_cue(document, place, review.record.language)
        described.append(
            {
                **(describe_cue(cue) or {}),
                "is_changed": cue != before,
                "is_reworked": is_reworked(cue, before),
                "duration": round_time(cue.end - cue.start),
                "cps": measures.cps,
                "line_length": measures.line_length,
                "gap": measures.gap,
                "probability": None if estimate is None else estimate.probability,
                "reasons": [] if estimate is None else list(estimate.reasons),
                "verdict": None if verdict is None else to_plain(verdict),
            }
        )
    return described


def places_near(document: Document, change: Change) -> list[int]:
    """Return the places of the changed cues, and of those before where they are and were."""
    places: set[int] = set()
    starts = [cue.start for cue in document.cues]
    for part in change:
        for cue in (part.before, part.after):
            if cue is not None:
                last = bisect.bisect_right(starts, cue.start)
                places.update(range(max(0, bisect.bisect_left(starts, cue.start) - 1), last))
    return sorted(places)
