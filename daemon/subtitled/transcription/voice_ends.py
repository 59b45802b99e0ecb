"""Words before a pause, which end just after the voice does.

Recognisers let the last word before a pause end early, by a fifth of a second in the median, and a
subtitle that goes with it is gone while somebody still speaks. Voice activity detection tells when
the voice ends. It tells less about beginnings, where people set cues earlier than it does.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import TimeSpan, Word
from subtitled.plugin.types import SPEECH_PADDING_SECONDS

MAX_EXTENSION_SECONDS = 0.5
"""Seconds of voice behind a word, above which it is of another word, which was not recognised."""

RELEASE_SECONDS = 0.1
"""Seconds after the voice at which people end a cue, in the median."""


def end_with_voice(words: Sequence[Word], speech: Sequence[TimeSpan]) -> list[Word]:
    """Let each word that is the last one of a span of speech end just after the voice does.

    No word gets shorter, and none reaches into the next one.

    Args:
        words: The words of a transcript, in seconds of the media file, in any order.
        speech: The spans of speech, in order and apart, as voice activity detection pads them.

    Returns:
        The words in their order, with the same beginnings.
    """
    span_starts = [span.start for span in speech]
    word_starts = sorted(word.start for word in words if math.isfinite(word.start))

    def extend(word: Word) -> Word:
        at = bisect_right(span_starts, word.end) - 1
        if at < 0:
            return word
        voice_end = speech[at].end - SPEECH_PADDING_SECONDS
        following = bisect_right(word_starts, word.start)
        next_start = word_starts[following] if following < len(word_starts) else math.inf
        if not voice_end <= min(word.end + MAX_EXTENSION_SECONDS, next_start):
            return word
        return replace(word, end=max(word.end, min(voice_end + RELEASE_SECONDS, next_start)))

    return [extend(word) for word in words]
