"""What the database keeps of an inspected media file: what it has, and what is wanted of it."""

from __future__ import annotations

from subtitled.db.overview import CoverageRow, FileOverview, RequirementRow
from subtitled.policy.coverage import REMOVED_BY_USER, ExistingSubtitle
from subtitled.policy.requirements import SUMMARY
from subtitled.subtitles.ownership import Ownership

from .planning import MediaReport


def describe_overview(report: MediaReport, title: str) -> FileOverview:
    """Return what the database keeps of an inspected media file.

    Args:
        report: What the inspection found.
        title: The title of the film or episode; empty if it is unknown.
    """
    return FileOverview(
        duration=report.facts.duration or None,
        title=title,
        coverage=(
            *(_coverage_row(item, str(item.kind)) for item in report.existing_subtitles),
            *(
                _coverage_row(item, SUMMARY)
                for item in report.available.summaries
                if item.origin != REMOVED_BY_USER
            ),
        ),
        requirements=tuple(
            RequirementRow(
                language=answer.language,
                secondary=answer.secondary,
                kind=answer.kind,
                status=answer.status,
                reason=answer.reason,
            )
            for answer in report.decision.answers
        ),
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
        problem=item.problem,
    )


def _ownership(item: ExistingSubtitle) -> Ownership:
    if item.is_outdated:
        return Ownership.OUTDATED
    if item.is_edited:
        return Ownership.APPROVED if item.is_approved else Ownership.EDITED
    return Ownership.OURS if item.is_ours else Ownership.HUMAN
