"""Translations of ours that an engine made of speech whose language was corrected afterwards.

An engine that translates speech is told its language. When a later transcription shows that this
was another one, what it translated before is made again. A translation says in its signature of
which reading it is, so it is made again once, and nothing else has to be recorded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from subtitled.db.sidecars import SidecarRepository
from subtitled.policy.coverage import SIDECAR, ExistingSubtitle
from subtitled.transcripts.models import TrackAnalysis

from .source_correction import CorrectionRequests

_FROM_MAIN_TRACK = re.compile(r"translated from the audio by [^,;]+(?!, track )(?:$|[,;])")
OTHER_READING = "its engine translated the speech before the text showed its language"


def mark_other_readings(
    existing: Sequence[ExistingSubtitle],
    folder: Path,
    analysis: TrackAnalysis | None,
    sidecars: SidecarRepository,
    requests: CorrectionRequests,
) -> tuple[ExistingSubtitle, ...]:
    """Return the subtitles, with marks on those that an engine made of another reading.

    What a person approved, edited or edits now stays as it is.

    Args:
        existing: The subtitles of the media file.
        folder: Where its sidecars lie.
        analysis: What is known of the main track.
        sidecars: The repository of sidecars.
        requests: What people edit.
    """
    if analysis is None or not analysis.reading:
        return tuple(existing)
    marked = []
    for item in existing:
        is_ours = item.origin == SIDECAR and item.is_ours and not item.is_outdated
        if is_ours and (item.language, item.kind) not in requests.begun:
            record = sidecars.get(folder / item.location)
            if record is not None and is_of_other_reading(record.variant, analysis.reading):
                item = replace(item, is_superseded=True, notes=(*item.notes, OTHER_READING))
        marked.append(item)
    return tuple(marked)


def is_of_other_reading(variant: str, reading: str) -> bool:
    """Return whether an engine translated the speech of the main track in another reading.

    Args:
        variant: How a subtitle was made, from its signature.
        reading: What corrections made of the speech.
    """
    return _FROM_MAIN_TRACK.search(variant) is not None and reading not in variant
