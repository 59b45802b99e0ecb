"""Words at the times of their cues."""

from __future__ import annotations

import pytest

from subtitled.plugin import Cue, Language
from subtitled.subtitles.evaluation.timed_words import count_timed_word_errors, time_words
from subtitled.subtitles.evaluation.word_errors import WordErrors

ENGLISH = Language("en")
SAID = (Cue(1.0, 3.0, "a whale at sea"), Cue(5.0, 7.0, "call me Ishmael"))


def shifted(seconds: float) -> list[Cue]:
    return [Cue(cue.start + seconds, cue.end + seconds, cue.text) for cue in SAID]


def test_words_are_said_at_an_even_pace_within_their_cue() -> None:
    assert time_words([Cue(2.0, 4.0, "ab\nabcdef")], ENGLISH) == [
        ("ab", 2.0, 2.5),
        ("abcdef", 2.5, 4.0),
    ]
    assert time_words([Cue(0.0, 1.0, "...")], ENGLISH) == []
    assert [word for word, *_ in time_words([Cue(0.0, 1.0, "今日は")], Language("ja"))] == [
        *"今日は"
    ]


@pytest.mark.parametrize("seconds", [0.0, 0.4, -0.4])
def test_a_text_that_is_nearly_in_time_has_no_errors(seconds: float) -> None:
    assert count_timed_word_errors(shifted(seconds), SAID, ENGLISH).errors == 0


@pytest.mark.parametrize("seconds", [4.0, -4.0, 60.0])
def test_a_right_text_at_the_wrong_time_is_wrong(seconds: float) -> None:
    errors = count_timed_word_errors(shifted(seconds), SAID, ENGLISH)
    assert errors.reference == 7
    assert errors.errors >= 6


def test_other_cue_ends_cost_nothing() -> None:
    apart = [Cue(1.0, 2.0, "a whale"), Cue(2.0, 3.0, "at sea"), SAID[1]]
    assert count_timed_word_errors(apart, SAID, ENGLISH).errors == 0


def test_missing_cues_are_lost_and_others_inserted() -> None:
    assert count_timed_word_errors(SAID[:1], SAID, ENGLISH) == WordErrors(7, 0, 3, 0)
    assert count_timed_word_errors(SAID, SAID[:1], ENGLISH) == WordErrors(4, 0, 0, 3)
    assert count_timed_word_errors(SAID, [], ENGLISH) == WordErrors(0, 0, 0, 7)
    assert count_timed_word_errors([], SAID, ENGLISH) == WordErrors(7, 0, 7, 0)
