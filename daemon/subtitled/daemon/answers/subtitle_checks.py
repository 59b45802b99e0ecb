"""The checks of the times of other people's subtitles, as answers show them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from subtitled.db.records import FileRecord
from subtitled.plugin.paths import display_path
from subtitled.subtitles.synchronisation import SyncReport, SyncVerdict
from subtitled.transcripts.store import TranscriptStore
from subtitled.transcripts.subtitle_checks import SubtitleCheck, SubtitleChecks, name_location

_VERDICTS = {
    SyncVerdict.IN_SYNC: "in sync",
    SyncVerdict.OFFSET: "early or late",
    SyncVerdict.RATIO: "made for another frame rate",
    SyncVerdict.BREAKS: "made for another cut",
    SyncVerdict.OTHER_FILM: "of another film",
    SyncVerdict.CANNOT_TELL: "cannot tell",
}


def checks_of(
    store: TranscriptStore, record: FileRecord, present: Collection[str]
) -> tuple[SubtitleCheck, ...]:
    """Return the stored checks of a file's subtitles, in the order of their names.

    Args:
        store: The transcripts, beside which the checks are.
        record: The file.
        present: The names of its sidecars and the indexes of its tracks.
    """
    if not record.fingerprint:
        return ()
    stored = SubtitleChecks(store).of_media(record.fingerprint)
    checks = [check for check in stored if check.location in present]
    return tuple(sorted(checks, key=lambda check: check.location))


def describe_check(check: SubtitleCheck) -> str:
    """Describe a check in one line for people."""
    return f"{name_location(check.location)}: {describe_report(check.report)}"


def describe_report(report: SyncReport) -> str:
    """Describe what a check found: the verdict, and why."""
    return f"{_VERDICTS[report.verdict]}: {report.reason}"


def check_to_dict(check: SubtitleCheck) -> dict[str, Any]:
    """Return a check as JSON has it."""
    report, evidence = check.report, check.report.evidence
    return {
        "location": display_path(check.location),
        "language": str(check.language) if check.language is not None else None,
        "verdict": str(report.verdict),
        "reason": report.reason,
        "hint": report.hint,
        "offset": round(report.offset, 3) if report.parts else None,
        "ratio": {
            "factor": report.ratio.factor,
            "subtitle_rate": report.ratio.subtitle_rate,
            "media_rate": report.ratio.media_rate,
        },
        "parts": [
            {"start": round(part.start, 3), "offset": round(part.offset, 3)}
            for part in report.parts
        ],
        "evidence": {
            "cues": evidence.cue_count,
            "speech_spans": evidence.speech_count,
            "cues_with_words": evidence.anchor_count,
            "distinctness": round(evidence.distinctness, 2),
            "gain": round(evidence.gain, 2),
            "fit_before": round(evidence.fit_before, 3),
            "fit_after": round(evidence.fit_after, 3),
            "error_before": _optional(evidence.error_before),
            "error_after": _optional(evidence.error_after),
        },
        "checked_at": check.checked_at,
    }


def _optional(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
