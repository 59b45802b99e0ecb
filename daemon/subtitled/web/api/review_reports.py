"""The routes of quality reports: what people found wrong in subtitles, and what they changed."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.review_reports.gathering import (
    QualityReport,
    TooManyReviewsError,
    report_activity,
    report_review,
)
from subtitled.daemon.review_reports.page import render_report
from subtitled.daemon.review_reports.tables import write_counts, write_cues
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.operations import ReviewActivity

from . import review_models as models
from .callers import caller_of
from .parameters import MAX_TIME, Input, Name
from .problems import ApiError
from .reviews import check_visible, review_problems

MAX_REVIEWS = 200
"""How many reviews one report may be about. The command line takes more."""


class ReportFormat(StrEnum):
    """What a report is written as."""

    HTML = "html"
    """One self-contained page."""
    CUES = "cues"
    """CSV with a line for each cue."""
    COUNTS = "counts"
    """CSV with a line for each kind of error."""


class ReportQuery(Input):
    """How a report is written."""

    format: ReportFormat = Field(
        ReportFormat.HTML,
        description="`html`: one page. `cues`, `counts`: CSV by cue, or by kind of error.",
    )


class ActivityQuery(ReportQuery):
    """Which reviews a report is about: those that people edited, judged or approved in a time."""

    library: Name | None = None
    language: Name | None = Field(None, description="As BCP 47.")
    since: float | None = Field(None, ge=0, le=MAX_TIME, description="Seconds since 1970.")
    until: float | None = Field(None, ge=0, le=MAX_TIME, description="Seconds since 1970.")


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        }
    }
}


def add_review_report_routes(api: FastAPI, service: ReviewService) -> None:
    """Add the routes."""

    @api.get(
        "/reviews/report",
        response_class=Response,
        responses=_ANSWERS,
        tags=["reviews"],
        summary="Report what people found wrong in a time",
    )
    def report_reviews(request: Request, query: Annotated[ActivityQuery, Query()]) -> Response:
        """Return verdicts, notes, broken cue rules, changes and error rates, as a file."""
        activity = ReviewActivity(
            libraries=caller_of(request).choose_named(query.library),
            language=query.language,
            since=query.since,
            until=query.until,
        )
        try:
            report = report_activity(service, activity, MAX_REVIEWS)
        except TooManyReviewsError as error:
            raise ApiError(422, "too-many-reviews", error.message, error.hint) from None
        return _answer(report, query.format, "reviews")

    @api.get(
        "/reviews/{review_id:number}/report",
        response_class=Response,
        responses=_ANSWERS,
        tags=["reviews"],
        summary="Report what people found wrong in a review",
    )
    def report_one_review(
        request: Request,
        review_id: models.ReviewNumber,
        query: Annotated[ReportQuery, Query()],
    ) -> Response:
        """Return its verdicts, notes, broken cue rules, changes and error rates, as a file."""
        check_visible(service, caller_of(request), review_id)
        with review_problems():
            report = report_review(service, review_id)
        return _answer(report, query.format, f"review-{review_id}")


def _answer(report: QualityReport, wanted: ReportFormat, name: str) -> Response:
    if wanted is ReportFormat.HTML:
        media_type, text = "text/html; charset=utf-8", render_report(report, time.time())
    else:
        write = write_cues if wanted is ReportFormat.CUES else write_counts
        media_type, text = "text/csv; charset=utf-8", write(report)
    suffix = "html" if wanted is ReportFormat.HTML else "csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{wanted}.{suffix}"',
        "Cache-Control": "private, no-store",
    }
    return Response(text.encode("utf-8", "replace"), 200, headers, media_type)
