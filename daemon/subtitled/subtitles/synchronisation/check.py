"""The check of the times of a subtitle by the speech of its media file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from subtitled.plugin import Cue, TimeSpan

from .comparison import compare
from .cue_evidence import CueEvidence
from .deciding import CheckedCues, decide
from .evidence import CueTimes, OffsetGrid
from .media_speech import MediaSpeech
from .ratios import list_ratios
from .report import SyncEvidence, SyncReport, SyncVerdict
from .spoken_cues import estimate_spoken_ends, measure_gaps, select_spoken_cues
from .voice_evidence import VoiceEvidence
from .word_evidence import WordMatch, match_words

MAX_OFFSET_SECONDS = 300.0
"""Seconds by which a subtitle may be early or late."""
MIN_CUES = 12
"""Fewest cues in which somebody speaks. Fewer may match by chance."""
MAX_CUES = 5_000
"""Most of them, which take half a gigabyte of memory to compare. A long film has two thousand."""
MIN_SPEECH_SPANS = 8
"""Fewest spans of speech of the media file."""


def check_synchronisation(cues: Sequence[Cue], media_speech: MediaSpeech) -> SyncReport:
    """Say whether the times of a subtitle are those of the speech.

    Args:
        cues: The cues of the subtitle.
        media_speech: The speech of the media file.

    Returns:
        The report. If the evidence is too weak, its verdict is :attr:`SyncVerdict.CANNOT_TELL`.
    """
    spoken = select_spoken_cues(_without_unreachable(cues, media_speech.speech))
    counts = SyncEvidence(cue_count=len(spoken), speech_count=len(media_speech.speech))
    if len(spoken) < MIN_CUES:
        return _cannot_tell(f"only {len(spoken)} cues in which somebody speaks", counts)
    if len(spoken) > MAX_CUES:
        return _cannot_tell(f"{len(spoken)} cues are too many to be compared", counts)
    if len(media_speech.speech) < MIN_SPEECH_SPANS:
        return _cannot_tell("the media file has too little speech", counts)
    grid = OffsetGrid(max_seconds=MAX_OFFSET_SECONDS)
    voice = VoiceEvidence(media_speech.speech, media_speech.faint, grid)
    match = WordMatch((), 0, 0)
    if media_speech.words and media_speech.language is not None:
        onsets = voice.onsets.tolist()
        match = match_words(spoken, media_speech.words, media_speech.language, onsets)
    source = CueEvidence(
        voice=voice,
        times=_times_of(spoken),
        grid=grid,
        anchors=match.anchors,
    )
    checked = CheckedCues(
        cues=spoken,
        match=match,
        speech=media_speech.speech,
        has_transcript=bool(media_speech.words),
    )
    return decide(compare(source, grid), checked)


def _without_unreachable(cues: Sequence[Cue], speech: Sequence[TimeSpan]) -> list[Cue]:
    """Leave out cues that no offset and no ratio brings to the speech: a credit at 99:59:59.

    The time and the memory of a check grow with the time of the last cue.
    """
    slowest = min(ratio.factor for ratio in list_ratios())
    last = ((speech[-1].end if speech else 0.0) + MAX_OFFSET_SECONDS) / slowest
    return [replace(cue, end=min(cue.end, last)) for cue in cues if cue.start < last]


def _times_of(cues: Sequence[Cue]) -> CueTimes:
    return CueTimes(
        starts=np.array([cue.start for cue in cues]),
        ends=estimate_spoken_ends(cues),
        shown_ends=np.array([cue.end for cue in cues]),
        gaps=measure_gaps(cues),
    )


def _cannot_tell(reason: str, evidence: SyncEvidence) -> SyncReport:
    return SyncReport(verdict=SyncVerdict.CANNOT_TELL, reason=reason, evidence=evidence)
