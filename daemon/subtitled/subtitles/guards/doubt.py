"""What the engine itself says: passages that it hardly believes."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence

from subtitled.plugin import Evidence, Word

from .passages import Finding

NO_SPEECH = 0.6
UNSURE = -1.0
LOOPING = 2.4
SURE = -0.5
"""Whisper's own thresholds: probability of no speech, mean log probability, compression ratio
(openai/whisper, transcribe.py); repetition of which it is sure may be a song."""
CAN_LOOP = 60
"""Characters; shorter texts compress so little that the ratio says nothing."""


def doubt(evidence: Evidence, characters: int) -> str | None:
    """Why a passage of so many characters is not to be believed, or None."""
    sure = evidence.log_probability
    silent = evidence.no_speech is not None and evidence.no_speech > NO_SPEECH
    if silent and sure is not None and sure < UNSURE:
        return (
            f"the engine heard nobody there (no speech {evidence.no_speech:.0%}, "
            f"log probability {sure:.2f})"
        )
    loops = evidence.compression is not None and evidence.compression > LOOPING
    if loops and characters >= CAN_LOOP and (sure is None or sure < SURE):
        return f"the engine was caught in a loop (compression {evidence.compression:.1f})"
    return None


def doubted(words: Sequence[Word], evidence: Sequence[Evidence]) -> list[Finding]:
    """The words in passages that their engine does not believe."""
    ordered = sorted(evidence, key=lambda one: (one.start, one.end))
    starts = [one.start for one in ordered]

    def holder(word: Word) -> int:
        """Which of the evidence a word belongs to, or -1."""
        middle = (word.start + word.end) / 2
        at = bisect.bisect_right(starts, middle + 1e-6) - 1
        return at if at >= 0 and middle <= ordered[at].end + 1e-6 else -1

    found: list[Finding] = []
    first = 0
    for at, group in itertools.groupby(words, holder):
        inside = list(group)
        if at >= 0:
            reason = doubt(ordered[at], sum(len(word.text) for word in inside))
            if reason is not None:
                found.append(Finding(first, first + len(inside), reason))
        first += len(inside)
    return found
