"""Quality of transcripts: which chunks look wrong, and which of two transcripts looks better.

The signs are hallucinations (above all loops), low confidence, and a rate of letters at which
nobody speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Chunk, TimeSpan, Transcript
from subtitled.subtitles.hallucination import FilterContext, filter_hallucinations
from subtitled.subtitles.hallucination.passages import MIN_CONFIDENCE, compute_mean_confidence
from subtitled.subtitles.segmentation.word_timing import speech_weight

MIN_SECONDS_TO_JUDGE = 5.0
"""Seconds of clear speech below which a chunk is not judged."""
MAX_LOST_SHARE = 0.05
"""Share of clear speech without a word above which a chunk looks wrong."""
MAX_REMOVED_SHARE = 0.1
"""Share of letters removed as hallucinations above which a chunk looks wrong."""
MIN_CHARS_PER_SECOND, MAX_CHARS_PER_SECOND = 4.0, 30.0
"""Letters per second of speech between which people speak.

Even slow speech with pauses has six or seven, and thirty are impossible. A Chinese character counts
as two (:func:`~subtitled.subtitles.segmentation.word_timing.speech_weight`).
"""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What looks wrong in a transcript of a chunk, and how many letters per second are believed."""

    issues: tuple[str, ...] = ()
    plausible_rate: float = 0.0

    @property
    def has_issues(self) -> bool:
        """Whether anything looks wrong."""
        return bool(self.issues)

    def __str__(self) -> str:
        return ", ".join(self.issues) or "looks well"


def assess(
    transcript: Transcript,
    chunk: Chunk,
    context: FilterContext,
    lost: Sequence[TimeSpan] = (),
) -> QualityReport:
    """Judge the transcript of a chunk.

    Args:
        transcript: The words of the chunk.
        chunk: The chunk with its speech.
        context: What the hallucination filter has to know.
        lost: Clear speech without a word.
    """
    spoken = sum(part.duration for part in chunk.speech)
    faint = sum(part.duration for part in chunk.low_energy)
    if spoken - faint < MIN_SECONDS_TO_JUDGE:
        return QualityReport()
    words, removals = filter_hallucinations(transcript, context, chunk.speech, chunk.low_energy)
    letters = sum(speech_weight(word.text) for word in transcript.words)
    removed_share = (
        sum(speech_weight(removal.text) for removal in removals) / letters if letters else 0.0
    )
    issues = []
    if any("loop" in removal.reason for removal in removals):
        issues.append("it loops")
    elif removed_share > MAX_REMOVED_SHARE:
        issues.append(f"{removed_share:.0%} of it is hallucinated")
    confidence = compute_mean_confidence(words)
    if confidence is not None and confidence < MIN_CONFIDENCE:
        issues.append(f"confidence is {confidence:.0%}")
    rate = letters / spoken
    if rate > MAX_CHARS_PER_SECOND:
        issues.append(f"{rate:.0f} letters per second of speech")
    elif letters / (spoken - faint) < MIN_CHARS_PER_SECOND:
        issues.append(f"only {letters / (spoken - faint):.1f} letters per second of speech")
    lost_seconds = sum(span.duration for span in lost)
    if lost_seconds > MAX_LOST_SHARE * (spoken - faint):
        issues.append(f"{lost_seconds:.0f} s of speech without a word")
    return QualityReport(tuple(issues), min(MAX_CHARS_PER_SECOND, rate * (1.0 - removed_share)))


def is_better(first: QualityReport, second: QualityReport) -> bool:
    """Return whether the second transcript is kept.

    It must have fewer issues, or as many and more believed letters. In doubt the first one stays,
    whose engine was preferred.
    """
    return (len(second.issues), -second.plausible_rate) < (len(first.issues), -first.plausible_rate)
