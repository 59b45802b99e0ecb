"""The timing of translated words within the time of their sentence."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import Language, TimeSpan, Word
from subtitled.subtitles.segmentation.word_timing import estimate_times

from .batching import Sentence

BREATH_SECONDS = 0.3
"""Seconds between two words below which the speech goes on."""


def distribute_words(sentence: Sentence, text: str, language: Language) -> tuple[Word, ...]:
    """Give the words of a translated sentence estimated times.

    They lie between the start and the end of the sentence, in its speech rather than its pauses if
    possible, and keep its speaker.
    """
    translated = Word(
        text=text, start=sentence.start, end=sentence.end, speaker=sentence.words[0].speaker
    )
    return estimate_times([translated], speech_spans(sentence.words), language)


def speech_spans(words: Sequence[Word]) -> list[TimeSpan]:
    """Return when words are said, without the pauses between them."""
    speech: list[TimeSpan] = []
    for word in words:
        if speech and word.start - speech[-1].end < BREATH_SECONDS:
            speech[-1] = TimeSpan(speech[-1].start, max(speech[-1].end, word.end))
        else:
            speech.append(TimeSpan(word.start, word.end))
    return speech
