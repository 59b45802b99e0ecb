"""Words that were laid over a pause, as recognisers do that hear speech without its silences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from subtitled.plugin import Language, TimeSpan, Word
from subtitled.plugin.speech_timeline import SpeechTimeline

from .phrase_boundaries import split_phrases
from .syntax import is_clause_end
from .word_timing import estimate_times

MAX_GAP_SECONDS = 0.02
"""Seconds between two words that share the time of a phrase evenly."""


def confine_to_speech(
    words: Sequence[Word], speech: Sequence[TimeSpan], language: Language
) -> list[Word]:
    """Return the words, none of which spans a pause between two spans of speech.

    A word is put on the side of the pause on which most of it is. A phrase of several words is laid
    out over the speech, as far as it goes, and so are words that share its time evenly.

    Args:
        words: The words of a transcript, in any order.
        speech: The result of voice activity detection, in order and without overlap.
        language: The language of the words.
    """
    timeline = SpeechTimeline(speech)
    confined: list[Word] = []
    for run in _iter_runs(words):
        phrase = _join(run)
        has_times = math.isfinite(phrase.start) and math.isfinite(phrase.end)
        if not has_times or not timeline.spans_pause(phrase.start, phrase.end):
            confined += run
        elif _is_laid_over(run, timeline) and len(split_phrases(phrase.text, language)) > 1:
            parts = estimate_times([phrase], timeline.spans, language)
            confined += [replace(part, is_estimated=phrase.is_estimated) for part in parts]
        else:
            confined += [_confine(word, timeline) for word in run]
    return confined


def _confine(word: Word, timeline: SpeechTimeline) -> Word:
    if not timeline.spans_pause(word.start, word.end):
        return word
    place = timeline.confine(word.start, word.end, prefers_first=is_clause_end(word.text))
    return replace(word, start=place.start, end=place.end)


def _iter_runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield each word alone, and words together whose times were divided evenly among them."""
    run: list[Word] = []
    for word in words:
        follows = (
            run
            and word.is_estimated
            and run[-1].is_estimated
            and word.speaker == run[-1].speaker
            and abs(word.start - run[-1].end) <= MAX_GAP_SECONDS
        )
        if run and not follows:
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _join(run: Sequence[Word]) -> Word:
    if len(run) == 1:
        return run[0]
    return replace(run[0], text="".join(word.text for word in run), end=run[-1].end)


def _is_laid_over(run: Sequence[Word], timeline: SpeechTimeline) -> bool:
    """Tell whether some word lies across a pause, or in one."""
    return any(
        timeline.spans_pause(word.start, word.end)
        or not timeline.measure_speech(word.start, max(word.end, word.start + MAX_GAP_SECONDS))
        for word in run
    )
