"""The words of a translation, laid over the time in which its sentence was said."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import Interval, Language, Word
from subtitled.subtitles.layout.estimate import laid_over

from .sentences import Sentence

BREATH = 0.3
"""Seconds between two words below which the speech goes on."""


def words_of(sentence: Sentence, text: str, language: Language) -> tuple[Word, ...]:
    """The words of ``text``, all between the sentence's start and end, as far as can be in its
    speech rather than its pauses. Their times are estimated; the speaker stays the same."""
    said = Word(text, sentence.start, sentence.end, speaker=sentence.words[0].speaker)
    return laid_over([said], speech_of(sentence.words), language)


def speech_of(words: Sequence[Word]) -> list[Interval]:
    """Where words are said, without the pauses between them."""
    speech: list[Interval] = []
    for word in words:
        if speech and word.start - speech[-1].end < BREATH:
            speech[-1] = Interval(speech[-1].start, max(speech[-1].end, word.end))
        else:
            speech.append(Interval(word.start, word.end))
    return speech
