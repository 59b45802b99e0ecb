"""Which words belong to which cue."""

from __future__ import annotations

import pytest

from subtitled.plugin import Cue, Word
from subtitled.subtitles.quality_estimation.alignment import align_words


def _words(text: str, seconds: float = 0.5) -> list[Word]:
    return [
        Word(text=f" {part}", start=number * seconds, end=(number + 1) * seconds)
        for number, part in enumerate(text.split())
    ]


def _aligned(cues: list[Cue], words: list[Word]) -> list[str]:
    return ["".join(word.text for word in part).strip() for part in align_words(cues, words)]


def test_words_follow_the_letters_of_the_cues_whatever_their_times_are() -> None:
    words = _words("It was a dark and stormy night.")
    # The second cue was snapped to a shot and begins late.
    cues = [Cue(0, 2.9, "It was\na dark"), Cue(2.9, 3.5, "and <i>stormy</i> night.")]
    assert _aligned(cues, words) == ["It was a dark", "and stormy night."]


def test_words_without_spaces_between_them_follow_the_letters_too() -> None:
    words = [Word(text=c, start=n, end=n + 1) for n, c in enumerate("今日は晴れです")]
    cues = [Cue(0, 1, "今日は"), Cue(1, 2, "晴れ\nです")]
    assert _aligned(cues, words) == ["今日は", "晴れです"]


def test_words_of_a_translation_belong_to_the_cue_that_is_shown_meanwhile() -> None:
    words = _words("one two three four five six")
    cues = [Cue(0, 1.0, "eins zwei"), Cue(2.0, 3.0, "fünf sechs")]
    assert _aligned(cues, words) == ["one two three", "four five six"]


def test_words_before_the_first_and_after_the_last_cue_belong_to_the_nearest() -> None:
    words = _words("a b c d e f g h")
    cues = [Cue(1.0, 2.0, "x"), Cue(2.0, 3.0, "y")]
    assert _aligned(cues, words) == ["a b c d", "e f g h"]


@pytest.mark.parametrize("words", [[], _words("alone")])
def test_a_subtitle_without_cues_has_no_words(words: list[Word]) -> None:
    assert align_words([], words) == []


def test_cues_that_overlap_share_no_word() -> None:
    words = _words("a b c d e f")
    cues = [Cue(0, 3, "x"), Cue(0.5, 1.0, "y"), Cue(2, 3, "z")]
    parts = align_words(cues, words)
    assert [word for part in parts for word in part] == words
