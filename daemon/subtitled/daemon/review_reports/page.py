"""Quality reports as one self-contained page of HTML, to be read, sent and printed."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from subtitled.db.operations import ErrorCategory, ErrorSeverity, Verdict
from subtitled.plugin import Language
from subtitled.plugin.paths import display_path
from subtitled.subtitles.formats.timestamps import format_timestamp
from subtitled.subtitles.review.word_differences import DifferenceKind
from subtitled.subtitles.scripts import is_right_to_left

from ..answers.plain import format_time
from .gathering import QualityReport
from .report import CueChangeKind, ReportTotals

CATEGORIES: dict[ErrorCategory | None, str] = {
    ErrorCategory.TRANSLATION: "objective translation error",
    ErrorCategory.MISSING: "something is missing",
    ErrorCategory.SPELLING: "spelling, grammar, punctuation",
    ErrorCategory.STYLE: "style",
    ErrorCategory.TERMS: "terms",
    ErrorCategory.TIMING: "timing",
    ErrorCategory.OTHER: "something else",
    None: "without a category",
}
SEVERITIES: dict[ErrorSeverity | None, str] = {
    ErrorSeverity.CRITICAL: "critical",
    ErrorSeverity.MAJOR: "major",
    ErrorSeverity.MINOR: "minor",
    None: "unrated",
}
CHANGES: dict[CueChangeKind, str] = {
    CueChangeKind.NONE: "",
    CueChangeKind.TEXT: "text changed",
    CueChangeKind.TIMES: "times changed",
    CueChangeKind.INSERTED: "inserted",
    CueChangeKind.DELETED: "deleted",
}
_TEMPLATES = Environment(
    loader=PackageLoader(__package__, ""),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def render_report(report: QualityReport, made_at: float) -> str:
    """Render the page of a report.

    Args:
        report: The report.
        made_at: When it was made, in seconds since 1970.
    """
    page = _TEMPLATES.get_template("report.html").render(
        report=report,
        made_at=made_at,
        count_rows=_count_rows,
        categories=CATEGORIES,
        severities=SEVERITIES,
        changes=CHANGES,
        kinds=DifferenceKind,
        wrong=Verdict.WRONG,
        direction=_direction,
        clock=lambda seconds: format_timestamp(seconds, "."),
        moment=format_time,
        name=lambda path: "" if path is None else display_path(path),
    )
    # A name of a file may have bytes that are no text.
    return page.encode("utf-8", "replace").decode()


def _count_rows(totals: ReportTotals) -> list[dict[str, Any]]:
    """Return the rows of the table of errors: a category each, with its counts by severity."""
    rows = []
    for category, name in CATEGORIES.items():
        counts = [totals.errors[category, severity] for severity in SEVERITIES]
        if category is not None or any(counts):
            rows.append({"name": name, "counts": counts, "rate": totals.per_100_cues(sum(counts))})
    return rows


def _direction(language: Language) -> str:
    return "rtl" if is_right_to_left(language) else "ltr"
