"""Which stretches look wrong, and which of two hearings of one looks better: pure functions.

Signs are what :mod:`~subtitled.subtitles.hallucination` would leave out (loops above all), little
confidence, and far more or fewer letters than anybody says in the seconds that are speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Chunk, Language, TimeSpan, Transcript
from subtitled.subtitles.hallucination import HallucinationPhrases, filter_hallucinations
from subtitled.subtitles.hallucination.passages import MIN_CONFIDENCE, compute_mean_confidence
from subtitled.subtitles.segmentation.word_timing import speech_weight

MIN_SECONDS_TO_JUDGE = 5.0
"""Seconds of clear speech below which a stretch tells nothing."""
MAX_LOST_SHARE = 0.05
"""Share of clear speech in which no word need be found in a chunk that looks well."""
MAX_REMOVED_SHARE = 0.1
"""Share of its letters that the guards may leave out of a stretch that looks well."""
MIN_CHARS_PER_SECOND, MAX_CHARS_PER_SECOND = 4.0, 30.0
"""Letters for each second of speech, between which people speak: even slow speech with pauses has
six or seven, and nobody says thirty. A character of Chinese counts as two
(:func:`~subtitled.subtitles.segmentation.word_timing.speech_weight`)."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """How a hearing of a stretch looks: what is odd about it, and how many letters for each second
    of speech are to be believed, of which nobody says more than so many."""

    issues: tuple[str, ...] = ()
    plausible_rate: float = 0.0

    @property
    def has_issues(self) -> bool:
        return bool(self.issues)

    def __str__(self) -> str:
        return ", ".join(self.issues) or "looks well"


def assess(
    transcript: Transcript,
    chunk: Chunk,
    language: Language,
    duration: float,
    phrases: HallucinationPhrases,
    *,
    hotwords: Sequence[str] = (),
    lost: Sequence[TimeSpan] = (),
) -> QualityReport:
    """Look at the words of one stretch of a medium of ``duration`` seconds."""
    spoken = sum(part.duration for part in chunk.speech)
    faint = sum(part.duration for part in chunk.low_energy)
    if spoken - faint < MIN_SECONDS_TO_JUDGE:
        return QualityReport()
    words, gone = filter_hallucinations(
        transcript,
        language,
        chunk.speech,
        duration,
        phrases,
        low_energy=chunk.low_energy,
        hotwords=hotwords,
    )
    speech_weight_sum = sum(speech_weight(word.text) for word in transcript.words)
    left_out = (
        sum(speech_weight(removal.text) for removal in gone) / speech_weight_sum
        if speech_weight_sum
        else 0.0
    )
    odd = []
    if any("loop" in removal.reason for removal in gone):
        odd.append("it loops")
    elif left_out > MAX_REMOVED_SHARE:
        odd.append(f"{left_out:.0%} of it is not to be believed")
    confidence = compute_mean_confidence(words)
    if confidence is not None and confidence < MIN_CONFIDENCE:
        odd.append(f"confidence is {confidence:.0%}")
    pace = speech_weight_sum / spoken
    if pace > MAX_CHARS_PER_SECOND:
        odd.append(f"{pace:.0f} letters for each second of speech")
    elif speech_weight_sum / (spoken - faint) < MIN_CHARS_PER_SECOND:
        odd.append(
            f"only {speech_weight_sum / (spoken - faint):.1f} letters for each second of speech"
        )
    lost_seconds = sum(span.duration for span in lost)
    if lost_seconds > MAX_LOST_SHARE * (spoken - faint):
        odd.append(f"{lost_seconds:.0f} s of speech without a word")
    return QualityReport(tuple(odd), min(MAX_CHARS_PER_SECOND, pace * (1.0 - left_out)))


def is_better(first: QualityReport, second: QualityReport) -> bool:
    """Whether the second hearing is kept: it has fewer odd signs, or as many and more of it is to
    be believed. In doubt the first stays, whose engine was chosen."""
    return (len(second.issues), -second.plausible_rate) < (len(first.issues), -first.plausible_rate)
