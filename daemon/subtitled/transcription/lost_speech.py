"""Speech in which an engine found no word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from subtitled.plugin import TimeSpan, Word
from subtitled.plugin.speech_timeline import SpeechTimeline
from subtitled.subtitles.hallucination import RemovedText
from subtitled.subtitles.quality_estimation.gaps import find_uncovered_speech

MIN_LOST_SECONDS = 2.5
"""Seconds of speech without a word that are no pause: voice activity detection ends at pauses."""
MAX_WORD_SECONDS = 2.0
"""Seconds that one word covers at most; longer times are a fault of the alignment."""


def find_lost_speech(
    speech: Sequence[TimeSpan], low_energy: Sequence[TimeSpan], words: Sequence[Word]
) -> list[TimeSpan]:
    """Find the clear speech in which no word was found.

    Args:
        speech: Where voice activity detection found speech, in order, in seconds.
        low_energy: The parts of it that are faint and may be no speech.
        words: The words of a transcript, with their own times.

    Returns:
        The spans of at least :data:`MIN_LOST_SECONDS`, in order.
    """
    timeline = SpeechTimeline(speech)
    places = (timeline.confine(word.start, word.end) for word in words)
    said = ((place.start, min(place.end, place.start + MAX_WORD_SECONDS)) for place in places)
    faint = ((span.start, span.end) for span in low_energy)
    return find_uncovered_speech(speech, chain(said, faint), MIN_LOST_SECONDS)


def describe_lost_speech(lost: Sequence[TimeSpan]) -> tuple[RemovedText, ...]:
    """Return the entries that ``explain`` shows for lost speech: no text, times and the reason."""
    return tuple(
        RemovedText(
            span.start,
            span.end,
            "",
            f"{span.duration:.1f} s of speech in which no word was recognised",
        )
        for span in lost
    )
