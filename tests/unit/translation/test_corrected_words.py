"""The words of an approved text, with the times of those that were recognised."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language, Word
from subtitled.subtitles.rules import select_cue_rules
from subtitled.subtitles.segmentation.segmenter import segment_words
from subtitled.translation import corrected_words
from subtitled.translation.batching import split_into_sentences
from subtitled.translation.corrected_words import correct_words, digest_text

EN, ZH = Language("en"), Language("zh")


def spoken(text: str, seconds: float = 0.4) -> list[Word]:
    """Return the words of a text, one after the other."""
    return [
        Word(text=f" {part}", start=round(seconds * n, 3), end=round(seconds * n + 0.3, 3))
        for n, part in enumerate(text.split())
    ]


def cue(text: str, start: float = 0.0, end: float = 60.0) -> Cue:
    return Cue(start, end, text)


def read(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words).strip()


def test_a_corrected_word_has_the_time_of_what_it_replaces() -> None:
    words = spoken("then Winter fell burns.")
    (then, winterfell, burns) = correct_words(words, [cue("then\nWinterfell burns.")], EN)
    assert (then, burns) == (words[0], words[3])
    assert winterfell.text == " Winterfell"
    assert words[1].start <= winterfell.start <= winterfell.end <= words[2].end


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("he said no", "he never said no"),  # a word was added
        ("he he said no", "he said no"),  # one was left out
        ("he said no", ""),  # all of them
        ("", "he said no"),
        ("he said no", "He said: no!"),  # marks and capital letters
        ("one two three", "another text with other words"),
    ],
)
def test_the_text_is_the_approved_one_and_time_goes_on(before: str, after: str) -> None:
    corrected = correct_words(spoken(before), [cue(after)], EN)
    assert read(corrected) == after
    starts = [word.start for word in corrected]
    assert starts == sorted(starts)
    assert all(word.start <= word.end for word in corrected)


def test_the_dash_of_a_speaker_and_other_typography_are_no_correction() -> None:
    words = spoken('I don\'t know... Neither "do" I.')
    approved = [cue("- I don’t know…\n<i>–Neither “do” I.</i>")]
    assert list(correct_words(words, approved, EN)) == words
    assert digest_text(approved, EN) == digest_text([cue(read(words))], EN)


def test_parts_of_a_word_and_phrases_are_compared_word_by_word() -> None:
    words = [
        Word(text=" Winter", start=0, end=0.3),
        Word(text="fell", start=0.3, end=0.6),
        Word(text=" burns again", start=1, end=2),
    ]
    corrected = correct_words(words, [cue("Winterfell burns today")], EN)
    assert [(word.text, word.start, word.end) for word in corrected] == [
        (" Winterfell", 0, 0.6),
        (" burns", 1, 1.5),
        (" today", 1.5, 2),
    ]


def test_a_language_without_spaces_is_compared_by_character() -> None:
    words = [Word(text="他是孙无空", start=0, end=5), Word(text="。", start=5, end=5.1)]
    corrected = correct_words(words, [cue("他是孙悟空。")], ZH)
    assert read(corrected) == "他是孙悟空。"
    assert [word.start for word in corrected] == [0, 1, 2, 3, 4, 5]


WORDS = st.sampled_from(
    ["the", "Winter", "fell.", "Yes.", "no", "dragon", "burns,", "it's", "-", "5"]
)
TEXTS = st.lists(WORDS, max_size=60).map(" ".join)


@given(TEXTS)
def test_what_we_publish_ourselves_is_no_correction(text: str) -> None:
    words = [word for word in spoken(text) if any(map(str.isalnum, word.text))]
    cues = segment_words(words, EN, select_cue_rules(EN, translation=False), 100.0)
    corrected = correct_words(words, cues, EN)
    assert [one.text for one in split_into_sentences(corrected, EN)] == [
        one.text for one in split_into_sentences(words, EN)
    ]


@given(TEXTS, TEXTS, st.integers(1, 7))
def test_a_long_text_that_is_compared_in_parts_is_the_approved_one_too(
    before: str, after: str, size: int
) -> None:
    parts = after.split()
    cues = [cue(" ".join(parts[n : n + 3]), 0.4 * n, 0.4 * n + 1) for n in range(0, len(parts), 3)]
    whole = read(correct_words(spoken(before), cues, EN))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corrected_words, "MAX_PART_WORDS", size)
        cut = correct_words(spoken(before), cues, EN)
    assert read(cut) == whole
    starts = [word.start for word in cut]
    assert starts == sorted(starts)
