"""Quality reports as CSV: one line for each cue, or for each kind of error of a review."""

from __future__ import annotations

from collections.abc import Iterator

from subtitled.plugin.paths import display_path
from subtitled.subtitles.review.word_differences import write_marked

from ..answers.plain import format_iso
from ..answers.spreadsheet import write_csv
from ..reviews.notes import NoteThread
from .gathering import QualityReport
from .report import ReportedCue, ReviewReport

REVIEW_COLUMNS = ("review", "library", "file", "language", "kind", "status", "approved_by")
"""What both tables have of a review."""
CUE_COLUMNS = (
    *REVIEW_COLUMNS,
    "approved_at",
    "cue",
    "number",
    "start",
    "end",
    "verdict",
    "category",
    "severity",
    "note",
    "judged_by",
    "judged_at",
    "thread",
    "findings",
    "change",
    "machine_text",
    "text",
    "difference",
)
COUNT_COLUMNS = (
    *REVIEW_COLUMNS,
    "cues",
    "judged",
    "changed",
    "words",
    "changed_words",
    "category",
    "severity",
    "wrong",
    "wrong_per_100_cues",
)


def write_cues(report: QualityReport) -> str:
    """Write a line for each cue in which something was found, said or changed."""
    return write_csv(CUE_COLUMNS, _cue_rows(report))


def write_counts(report: QualityReport) -> str:
    """Write a line for each category and severity of each review, and one with all its errors."""
    return write_csv(COUNT_COLUMNS, _count_rows(report))


def _cue_rows(report: QualityReport) -> Iterator[dict[str, object]]:
    for one in report.reports:
        at = one.record.approved_at
        about = _about(one) | {"approved_at": "" if at is None else format_iso(at)}
        for cue in one.cues:
            yield about | _cue_row(cue)


def _cue_row(cue: ReportedCue) -> dict[str, object]:
    verdict = cue.verdict
    return {
        "cue": cue.cue,
        "number": "" if cue.number is None else cue.number,
        "start": f"{cue.start:.3f}",
        "end": f"{cue.end:.3f}",
        "verdict": "" if verdict is None else str(verdict.verdict),
        "category": "" if verdict is None else str(verdict.category or ""),
        "severity": "" if verdict is None else str(verdict.severity or ""),
        "note": "" if verdict is None else verdict.note,
        "judged_by": "" if verdict is None else verdict.actor,
        "judged_at": "" if verdict is None else format_iso(verdict.at),
        "thread": "\n".join(_write_thread(one) for one in cue.threads),
        "findings": "; ".join(f"{one.severity}: {one.text}" for one in cue.findings),
        "change": str(cue.change),
        "machine_text": cue.machine_text or "",
        "text": cue.text or "",
        "difference": write_marked(cue.parts) if cue.machine_text != cue.text else "",
    }


def _write_thread(thread: NoteThread) -> str:
    """Return a note with its answers, a line for each, and who resolved it."""
    lines = [
        f"{one.actor}, {format_iso(one.at)}: {one.text}" for one in (thread.first, *thread.answers)
    ]
    if thread.first.resolved_by is not None:
        lines.append(f"resolved by {thread.first.resolved_by}")
    return "\n".join(lines)


def _count_rows(report: QualityReport) -> Iterator[dict[str, object]]:
    for one in report.reports:
        totals = one.totals
        about = _about(one) | {
            "cues": totals.cues,
            "judged": totals.judged,
            "changed": totals.changed,
            "words": totals.words.reference,
            "changed_words": totals.words.errors,
        }
        groups = [("all", "all", totals.wrong)] + [
            (str(category or ""), str(severity or ""), count)
            for (category, severity), count in totals.errors.items()
        ]
        for category, severity, count in groups:
            yield about | {
                "category": category,
                "severity": severity,
                "wrong": count,
                "wrong_per_100_cues": totals.per_100_cues(count),
            }


def _about(report: ReviewReport) -> dict[str, object]:
    record = report.record
    return {
        "review": record.id,
        "library": record.library or "",
        "file": "" if record.path is None else display_path(record.path),
        "language": str(record.language),
        "kind": str(record.kind),
        "status": str(record.status),
        "approved_by": record.approved_by or "",
    }
