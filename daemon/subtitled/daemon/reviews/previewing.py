"""Showing what an edit would do before it is kept: its count, its cues, and their values."""

from __future__ import annotations

from dataclasses import dataclass, replace

from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.changes import Change, Conflict, apply_change
from subtitled.subtitles.review.replacing import count_matches

from .editing import ReviewEditor, check_size
from .errors import ChangedMeanwhileError
from .open_review import OpenReview
from .versions import VersionTag, check_tag

PREVIEW_ID = "preview"
"""The id of an operation that is not stored."""


@dataclass(frozen=True, slots=True)
class EditPreview:
    """What an operation would do."""

    review: OpenReview
    """The review as it would be, with the version that it has."""
    change: Change
    match_count: int | None
    """How often a replacement finds its text; None of any other operation."""


def preview_edit(
    editor: ReviewEditor,
    review_id: int,
    operation: ops.SimpleOperation | ops.Compound,
    made_on: VersionTag,
) -> EditPreview:
    """Return what an operation would do. Nothing is stored.

    Args:
        editor: Loads the review.
        review_id: The review.
        operation: The operation.
        made_on: The version that the person saw.

    Raises:
        ReviewError: It cannot be applied; the error says why.
        InvalidOperationError: It does not fit the version that it was made on.
    """
    review = editor.load(review_id)
    check_tag(review, made_on)
    change = editor.resolve(review, operation, PREVIEW_ID, made_on)
    result = apply_change(review.document, change)
    if isinstance(result, Conflict):
        raise ChangedMeanwhileError(result)
    check_size(result)
    count = None
    if isinstance(operation, ops.Replace):
        count = count_matches(review.document.cues, operation, review.record.language)
    after = replace(result, version=review.version)
    return EditPreview(replace(review, document=after), change, count)
