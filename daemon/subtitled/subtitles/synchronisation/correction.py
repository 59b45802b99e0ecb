"""The correction of times by the report of a check."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from subtitled.plugin import Cue

from ..formats.ass_times import move_times
from .report import SyncReport

MIN_CUE_SECONDS = 0.1
MIN_PROOF_ANCHORS = 20
"""Cues that must be found in the transcript to prove that other times are better."""
MIN_GAIN_SECONDS = 0.2
"""Seconds by which the median cue must come nearer to its words."""
MAX_PROVEN_SECONDS = 0.35
"""Largest median distance of the corrected cues from their words."""


def correct_cues(cues: Sequence[Cue], report: SyncReport) -> tuple[Cue, ...]:
    """Return cues with the times that fit best.

    Args:
        cues: The cues of the subtitle that was checked. Their order and their texts stay.
        report: The report. Without parts the cues are returned as they are.
    """
    if not report.parts:
        return tuple(cues)
    corrected = []
    for cue in cues:
        start, end = correct_times(cue.start, cue.end, report)
        corrected.append(replace(cue, start=start, end=end))
    return tuple(corrected)


def correct_ass(text: str, report: SyncReport) -> str:
    """Return a decoded ASS or SSA file with the times that fit best. All else in it stays."""
    return move_times(text, partial(correct_times, report=report)) if report.parts else text


def correct_times(start: float, end: float, report: SyncReport) -> tuple[float, float]:
    """Return the times that fit best for a cue, in seconds. The report has parts."""
    starts = [part.start for part in report.parts]
    part = report.parts[max(0, bisect.bisect_right(starts, start + 1e-6) - 1)]
    begin, until = (max(0.0, time * report.ratio.factor + part.offset) for time in (start, end))
    return begin, max(until, begin + MIN_CUE_SECONDS)


def proves_gain(report: SyncReport) -> bool:
    """Return whether words prove that corrected times are better.

    Voice activity alone is no proof: a correction changes every cue.
    """
    before, after = report.evidence.error_before, report.evidence.error_after
    return (
        report.verdict.is_wrong
        and bool(report.parts)
        and report.evidence.anchor_count >= MIN_PROOF_ANCHORS
        and before is not None
        and after is not None
        and after <= MAX_PROVEN_SECONDS
        and before - after >= MIN_GAIN_SECONDS
    )
