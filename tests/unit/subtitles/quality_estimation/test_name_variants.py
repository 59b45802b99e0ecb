"""Names in several spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Cue
from subtitled.subtitles.quality_estimation.name_variants import (
    _MAYBE_CAPITAL,
    _TOKEN,
    find_name_variants,
)


def _cues(*texts: str) -> list[Cue]:
    return [Cue(number, number + 1, text) for number, text in enumerate(texts)]


def _found(*texts: str) -> list[tuple[int, str, str, int]]:
    found = find_name_variants(_cues(*texts))
    return [(one.cue, one.name, one.other, one.other_count) for one in found]


def test_a_rare_spelling_of_a_frequent_name_is_found() -> None:
    texts = ["Die Schufa fragt.", "Wer ist die Schufa?", "Das ist Schufa.", "Bei der Schuffa."]
    assert _found(*texts) == [(3, "Schuffa", "Schufa", 3)]


def test_a_rare_spelling_at_the_start_of_a_sentence_is_found_if_it_is_a_name_elsewhere() -> None:
    texts = ["Ask Winterfell."] * 6 + ["The Wintervell. Wintervell!"]
    assert _found(*texts) == [(6, "Wintervell", "Winterfell", 6)]


@pytest.mark.parametrize(
    "texts",
    [
        ("Ask Anna.", "See Anna.", "With Anna.", "Or Hanna."),  # names of their own
        ("Für Martin.", "Mit Martin.", "Bei Martin.", "Auf Martins Hut."),  # inflected
        ("Vidí Karla z okna.", "Je Karla.", "Na Karla.", "Ke Karlu."),
        ("He said Marine.", "A Marine.", "The Marine.", "A Marino and marino."),  # a plain word
        ("Ask Schufa.", "Ask Schuffa."),  # as often as the other
        ("ASK SCHUFA", "IN SCHUFA", "TO SCHUFA", "AT SCHUFFA"),  # capitals only
        ("新しい", "新しい", "新しい", "新しく"),  # no capitals
        (),
    ],
)
def test_nothing_is_found_in_names_that_are_different(texts: tuple[str, ...]) -> None:
    assert _found(*texts) == []


@given(st.text(st.sampled_from("aAbBéÉßǅª3_-'’ ."), max_size=12))
def test_the_fast_pattern_finds_the_words_that_begin_with_no_small_letter(text: str) -> None:
    words = [(match.start(), match[0]) for match in _TOKEN.finditer(text)]
    fast = [(match.start(), match[0]) for match in _MAYBE_CAPITAL.finditer(text)]
    assert fast == [(start, word) for start, word in words if not "a" <= word[0] <= "z"]
