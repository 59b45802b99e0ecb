"""Speech whose text is in another language: when it is transcribed again, and which text stays.

The sound of one language is sometimes taken for another, such as Finnish for Latin, and a
recogniser that is told the wrong one still writes much of what it hears. The text then tells the
language better than the sound did. The speech is transcribed again in that language, and the text
that scores better stays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

from subtitled.plugin import UNDETERMINED, Language, Transcript
from subtitled.subtitles.language_id import gather_evidence
from subtitled.subtitles.language_model import are_same, labels_for

from .window_transcripts import mean_confidence, text_of

MAX_COMPRESSION_RATIO = 2.4
"""Compression above which a segment repeats itself (openai/whisper, transcribe.py)."""


@dataclass(frozen=True, slots=True, order=True)
class HearingScore:
    """How well a text fits the language that it is to be published under. More is better."""

    agreement: int
    """1 if the text is clearly in that language, -1 if clearly not, 0 if it does not tell."""
    share_without_loops: float
    """Share of the time whose text does not repeat itself, in tenths."""
    log_probability: float
    """The mean logarithm of what the engine thinks is right, 0 or less."""


def find_written_language(
    transcript: Transcript,
    earlier: Language,
    is_possible: Callable[[Language], bool],
    tag: Language = UNDETERMINED,
) -> Language | None:
    """Return the language that a text is clearly in, if it is another than that of the transcript.

    Args:
        transcript: What was transcribed.
        earlier: The language that the engine was told.
        is_possible: Whether some engine can transcribe a language.
        tag: The tag of the track, which is believed where languages are written much alike.

    Returns:
        The language that the speech is in; None if the text does not object, tells no language, or
        is in one that no engine knows. If it is only more than what was told, such as ``pt-BR``
        instead of ``pt``, nothing has to be transcribed again.
    """
    evidence = gather_evidence([text_of(transcript)], is_recognised=True)
    written = evidence.language()
    if evidence.find_mismatch(earlier) is None:
        if not evidence.close_language or written is None:
            return None
        if are_same(written, earlier):
            is_more = written.has_explicit_script and not earlier.has_explicit_script
            return written if is_more else None
        if tag.satisfies(earlier.primary):
            return None
    if written is None or written.primary == earlier.primary or not is_possible(written.primary):
        return None
    return written.primary


def choose_transcript(first: Transcript, second: Transcript, language: Language) -> Transcript:
    """Return the better of two transcripts of the same speech.

    Args:
        first: What was transcribed when another language was told.
        second: What was transcribed when ``language`` was told. In doubt it stays.
        language: The language of the text.
    """
    if not text_of(first):
        return second
    return first if score_hearing(first, language) > score_hearing(second, language) else second


def score_hearing(transcript: Transcript, language: Language) -> HearingScore:
    """Score a transcript as a text in a language."""
    text = text_of(transcript)
    evidence = gather_evidence([text])
    read = evidence.language()
    if evidence.find_mismatch(language) is not None:
        agreement = -1
    else:
        agreement = int(read is not None and str(read.primary) in labels_for(language))
    confidence = mean_confidence(transcript)
    if not text:
        log_probability = -math.inf
    else:
        log_probability = 0.0 if confidence is None else math.log(max(confidence, 1e-6))
    return HearingScore(agreement, _share_without_loops(transcript), log_probability)


def is_first_transcript(stored: Transcript | None, earlier_languages: Collection[Language]) -> bool:
    """Return whether stored words are in a language from before a correction."""
    return stored is not None and any(
        stored.language.primary == language.primary for language in earlier_languages
    )


def _share_without_loops(transcript: Transcript) -> float:
    seconds = loops = 0.0
    for scores in transcript.segment_scores:
        seconds += scores.end - scores.start
        ratio = scores.compression_ratio
        if ratio is not None and ratio > MAX_COMPRESSION_RATIO:
            loops += scores.end - scores.start
    return round(1.0 - loops / seconds, 1) if seconds > 0 else 1.0
