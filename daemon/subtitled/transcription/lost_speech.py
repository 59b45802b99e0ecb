"""Speech in which an engine found no word."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import TimeSpan, Word
from subtitled.plugin.speech_timeline import SpeechTimeline
from subtitled.subtitles.hallucination import RemovedText

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
    covered = [(place.start, min(place.end, place.start + MAX_WORD_SECONDS)) for place in places]
    covered += [(span.start, span.end) for span in low_energy]
    covered.sort()
    lost: list[TimeSpan] = []
    next_cover, at = 0, 0.0
    for span in speech:
        at = max(at, span.start)
        while next_cover < len(covered) and covered[next_cover][0] < span.end:
            start, end = covered[next_cover]
            if start - at >= MIN_LOST_SECONDS:
                lost.append(TimeSpan(at, start))
            at = max(at, end)
            next_cover += 1
        if span.end - at >= MIN_LOST_SECONDS:
            lost.append(TimeSpan(at, span.end))
    return lost


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
