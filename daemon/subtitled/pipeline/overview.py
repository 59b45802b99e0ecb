"""What the database keeps of an inspected media file: what it has, and what is wanted of it."""

from __future__ import annotations

import math

from subtitled.db.overview import SOURCE_CORRECTED, CoverageRow, FileOverview, RequirementRow
from subtitled.policy.coverage import REMOVED_BY_USER, ExistingSubtitle
from subtitled.policy.requirements import SUMMARY, Answer, AnswerStatus
from subtitled.subtitles.ownership import Ownership

from .planning import MediaReport

MAX_DURATION_SECONDS = 2 * 86400.0
"""A longer duration is a lie of the container."""
MIN_BYTES_PER_SECOND = 20
"""A file with less for each second of its duration has another duration."""


def describe_overview(
    report: MediaReport, title: str, silence: str = "", *, year: int | None = None, size: int = 0
) -> FileOverview:
    """Return what the database keeps of an inspected media file.

    Args:
        report: What the inspection found.
        title: The title of the film or episode; empty if it is unknown.
        silence: Why its job found nothing to write, so that nothing is missing; "" if it did not.
        year: The year of release; None if it is unknown.
        size: The size of the file in bytes; 0 if it is unknown.
    """
    return FileOverview(
        duration=credible_duration(report.facts.duration, size),
        title=title,
        year=year,
        coverage=(
            *(_coverage_row(item, str(item.kind)) for item in report.existing_subtitles),
            *(
                _coverage_row(item, SUMMARY)
                for item in report.available.summaries
                if item.origin != REMOVED_BY_USER
            ),
        ),
        requirements=tuple(_requirement_row(answer, silence) for answer in report.decision.answers),
    )


def credible_duration(seconds: float, size: int) -> float | None:
    """Return the duration that a container states, or None if no such file has it.

    Args:
        seconds: What it states.
        size: The size of the file in bytes; 0 if it is unknown.
    """
    if not math.isfinite(seconds) or not 0 < seconds <= MAX_DURATION_SECONDS:
        return None
    return None if 0 < size < seconds * MIN_BYTES_PER_SECOND else seconds


def _requirement_row(answer: Answer, silence: str) -> RequirementRow:
    has_nothing = bool(silence) and answer.status is AnswerStatus.MISSING
    return RequirementRow(
        language=answer.language,
        secondary=answer.secondary,
        kind=answer.kind,
        status=AnswerStatus.NOTHING if has_nothing else answer.status,
        reason=silence if has_nothing else answer.reason,
    )


def _coverage_row(item: ExistingSubtitle, kind: str) -> CoverageRow:
    return CoverageRow(
        language=item.language,
        secondary=item.secondary,
        kind=kind,
        format=item.format,
        origin=item.origin,
        location=item.location,
        ownership=_ownership(item),
        is_text=item.is_text,
        problem=item.problem or (SOURCE_CORRECTED if item.is_source_corrected else ""),
    )


def _ownership(item: ExistingSubtitle) -> Ownership:
    if item.is_outdated:
        return Ownership.OUTDATED
    if item.is_edited:
        return Ownership.APPROVED if item.is_approved else Ownership.EDITED
    return Ownership.OURS if item.is_ours else Ownership.HUMAN
