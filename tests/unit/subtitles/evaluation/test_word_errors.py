"""Word errors by group, and whether chance explains a difference."""

from __future__ import annotations

import random

import pytest

from subtitled.subtitles.evaluation.paired import MIN_UNITS, MIN_WORDS, Unit, compare_paired
from subtitled.subtitles.evaluation.word_errors import WordErrors, count_word_errors


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("he lives in new york so they say", (0, 0, 0), (0, 0, 0)),
        ("he lives in newark so they say", (1, 1, 0), (0, 0, 0)),
        ("he lives in new york they say", (0, 0, 0), (0, 1, 0)),
        ("he still lives in new york so they often say", (0, 0, 1), (0, 0, 1)),
        ("he lives in new york so they say thanks", (0, 0, 0), (0, 0, 1)),
        ("", (0, 5, 0), (0, 3, 0)),
    ],
)
def test_errors_count_for_the_cue_in_which_they_are(
    text: str, first: tuple[int, int, int], second: tuple[int, int, int]
) -> None:
    groups = ["he lives in new york".split(), "so they say".split()]
    assert count_word_errors(text.split(), groups) == [
        WordErrors(5, *first),
        WordErrors(3, *second),
    ]


def test_without_a_reference_there_is_no_rate() -> None:
    assert count_word_errors(["word"], []) == []
    (errors,) = count_word_errors(["word"], [[]])
    assert errors == WordErrors(0, 0, 0, 1)
    assert errors.rate is None
    assert (errors + WordErrors(4, 1, 0, 0)).rate == 0.5


def _units(count: int, first: float, second: float) -> list[Unit]:
    draw = random.Random(7)
    return [
        Unit(
            100,
            sum(draw.random() < first for _ in range(100)),
            sum(draw.random() < second for _ in range(100)),
        )
        for _ in range(count)
    ]


def test_a_large_difference_is_beyond_chance_and_the_same_rate_is_not() -> None:
    worse = compare_paired(_units(40, 0.2, 0.1))
    assert worse.is_beyond_chance
    assert 0.05 < worse.low < worse.first_rate - worse.second_rate < worse.high < 0.15
    swapped = compare_paired([Unit(w, s, f) for w, f, s in _units(40, 0.2, 0.1)])
    assert swapped.high < 0
    assert swapped.is_beyond_chance
    same = compare_paired(_units(40, 0.1, 0.1))
    assert same.low < 0 < same.high
    assert not same.is_beyond_chance


@pytest.mark.parametrize(
    "units",
    [
        [Unit(MIN_WORDS // MIN_UNITS - 1, 90, 1)] * MIN_UNITS,
        [Unit(MIN_WORDS, 900, 1)] * (MIN_UNITS - 1),
    ],
)
def test_few_words_or_few_passages_say_nothing(units: list[Unit]) -> None:
    difference = compare_paired(units)
    assert difference.low > 0
    assert not difference.is_enough
    assert not difference.is_beyond_chance


def test_the_same_numbers_give_the_same_interval() -> None:
    units = _units(20, 0.2, 0.15)
    assert compare_paired(units) == compare_paired(units)
