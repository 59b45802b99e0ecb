"""A word before a pause ends just after the voice does."""

from __future__ import annotations

import math

import pytest

from subtitled.plugin import TimeSpan, Word
from subtitled.transcription.voice_ends import MAX_EXTENSION_SECONDS, end_with_voice

PADDED = [TimeSpan(0.7, 3.3), TimeSpan(5.7, 8.3)]
"""A voice from 1 to 3 and from 6 to 8 seconds, with the padding of voice activity detection."""


def ends(*times: tuple[float, float]) -> list[float]:
    words = [Word(text=" word", start=start, end=end) for start, end in times]
    return [round(word.end, 3) for word in end_with_voice(words, PADDED)]


def test_the_last_word_before_a_pause_ends_just_after_the_voice() -> None:
    assert ends((1.0, 1.4), (2.2, 2.7), (6.0, 6.5), (7.0, 7.6)) == [1.4, 3.1, 6.5, 8.1]


def test_a_word_that_ends_after_the_voice_is_not_shortened() -> None:
    assert ends((2.2, 3.2), (6.0, 8.15)) == [3.2, 8.15]


def test_a_word_that_ends_with_the_voice_gets_the_same_end_as_one_that_ends_before() -> None:
    assert ends((2.2, 2.9), (6.0, 8.0)) == ends((2.2, 3.05), (6.0, 7.7)) == [3.1, 8.1]


def test_a_voice_that_goes_on_for_longer_belongs_to_a_word_that_was_not_recognised() -> None:
    assert ends((1.0, 3.0 - MAX_EXTENSION_SECONDS - 0.01)) == [2.49]
    assert ends((1.0, 3.0 - MAX_EXTENSION_SECONDS + 0.01)) == [3.1]


@pytest.mark.parametrize("next_start", [2.7, 2.9])
def test_a_word_does_not_reach_into_the_next_one(next_start: float) -> None:
    assert ends((2.2, 2.6), (next_start, 3.1)) == [2.6, 3.1]


@pytest.mark.parametrize(("next_start", "end"), [(3.0, 3.0), (3.04, 3.04), (3.2, 3.1)])
def test_a_word_ends_with_the_voice_if_the_next_one_follows_at_once(
    next_start: float, end: float
) -> None:
    assert ends((2.2, 2.7), (next_start, 3.4)) == [end, 3.4]


def test_words_that_begin_together_are_all_extended() -> None:
    assert ends((2.2, 2.7), (2.2, 2.8)) == [3.1, 3.1]


def test_words_in_any_order_keep_it() -> None:
    assert ends((7.0, 7.6), (2.2, 2.7)) == [8.1, 3.1]


def test_words_outside_of_speech_stay_as_they_are() -> None:
    assert ends((0.1, 0.5), (4.0, 4.5), (9.0, 9.5)) == [0.5, 4.5, 9.5]
    assert end_with_voice([], PADDED) == []
    word = Word(text=" word", start=1.0, end=2.0)
    assert end_with_voice([word], []) == [word]


def test_a_word_without_times_changes_nothing_for_the_others() -> None:
    nowhere = Word(text=" word", start=math.nan, end=math.nan)
    first, *others = end_with_voice([nowhere, Word(text=" word", start=2.2, end=2.7)], PADDED)
    assert math.isnan(first.end)
    assert [word.end for word in others] == [3.1]


def test_only_the_end_of_a_word_changes() -> None:
    word = Word(text=" word.", start=2.2, end=2.7, confidence=0.4, speaker="B", is_estimated=True)
    (extended,) = end_with_voice([word], PADDED)
    assert extended == Word(
        text=" word.", start=2.2, end=3.1, confidence=0.4, speaker="B", is_estimated=True
    )
