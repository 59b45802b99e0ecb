"""Words that were laid over a pause, as recognisers do that hear speech without its silences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Language, TimeSpan, Word
from subtitled.plugin.speech_timeline import SpeechTimeline

from .phrase_boundaries import split_phrases
from .syntax import is_clause_end
from .word_timing import estimate_times


def confine_to_speech(
    words: Sequence[Word], speech: Sequence[TimeSpan], language: Language
) -> list[Word]:
    """Return the words, none of which spans a pause between two spans of speech.

    A word is put on the side of the pause on which most of it is. A phrase of several words is laid
    out over the speech, as far as it goes.

    Args:
        words: The words of a transcript, in any order.
        speech: The result of voice activity detection, in order and without overlap.
        language: The language of the words.
    """
    timeline = SpeechTimeline(speech)
    confined: list[Word] = []
    for word in words:
        has_times = math.isfinite(word.start) and math.isfinite(word.end)
        if not has_times or not timeline.spans_pause(word.start, word.end):
            confined.append(word)
        elif len(split_phrases(word.text, language)) > 1:
            parts = estimate_times([word], speech, language)
            confined += [replace(part, is_estimated=word.is_estimated) for part in parts]
        else:
            is_last = is_clause_end(word.text)
            place = timeline.confine(word.start, word.end, prefers_first=is_last)
            confined.append(replace(word, start=place.start, end=place.end))
    return confined
