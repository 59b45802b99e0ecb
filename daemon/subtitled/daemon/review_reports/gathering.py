"""Gathering the quality reports of one review, or of all that people worked on in a time."""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.db.operations import ReviewActivity
from subtitled.plugin import InputRejectedError
from subtitled.plugin.paths import display_path

from ..reviews.errors import ReviewError
from ..reviews.service import ReviewService
from .report import ReportTotals, ReviewReport, build_report, sum_totals

MAX_REVIEWS = 2000
"""How many reviews one report may be about."""


class TooManyReviewsError(InputRejectedError):
    """A report would be about more reviews than one file should hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The reports of some reviews."""

    reports: tuple[ReviewReport, ...]
    left_out: tuple[str, ...] = ()
    """Why there is no report of some reviews."""
    activity: ReviewActivity | None = None
    """Which reviews it is about; None for one review."""

    @property
    def totals(self) -> ReportTotals:
        """The counts of all of them."""
        return sum_totals(self.reports)


def report_review(service: ReviewService, review_id: int) -> QualityReport:
    """Return the report of one review.

    Raises:
        ReviewNotFoundError: There is none, or its file or sidecar is gone.
        UnreadableSidecarError: Its sidecar cannot be read.
    """
    return QualityReport(reports=(_build(service, review_id),))


def report_activity(
    service: ReviewService, activity: ReviewActivity, limit: int = MAX_REVIEWS
) -> QualityReport:
    """Return the reports of all reviews that people worked on in a time.

    A review whose file or subtitle is gone is named, with the reason.

    Raises:
        TooManyReviewsError: There are more than the limit.
    """
    numbers = service.db.operations.find_worked_on(activity, limit + 1)
    if len(numbers) > limit:
        raise TooManyReviewsError(
            f"people worked on more than {limit} reviews in that time",
            "Name a library, a language or a shorter time",
        )
    reports, left_out = [], []
    for number in numbers:
        try:
            reports.append(_build(service, number))
        except ReviewError as error:
            record = service.db.reviews.get(number)
            name = display_path(record.path) if record is not None and record.path else "a file"
            left_out.append(f"review {number}, {name}: {error.message}")
    return QualityReport(reports=tuple(reports), left_out=tuple(left_out), activity=activity)


def _build(service: ReviewService, number: int) -> ReviewReport:
    review = service.load(number)
    return build_report(
        review,
        service.db.operations.verdicts_of(number),
        service.db.cue_notes.of_review(number),
    )
