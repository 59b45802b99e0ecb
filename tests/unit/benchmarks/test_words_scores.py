"""Scores of the word benchmark: errors, lost cues, lost stretches, rates of invented words."""

from __future__ import annotations

from types import ModuleType

import pytest

from subtitled.plugin import Cue
from subtitled.subtitles.evaluation.word_errors import WordErrors
from support.benchmark_modules import load_benchmark

SAID = "he lives in new york so they say".split()


@pytest.fixture(scope="module")
def scores() -> ModuleType:
    return load_benchmark("words_scores")


@pytest.mark.parametrize(
    ("heard", "said", "language", "errors"),
    [
        ("He lives in New York!", "he lives in new york", "en", (5, 0, 0, 0)),
        ("he lives\nin Newark", "he lives in new york", "en", (5, 1, 1, 0)),
        ("Mak'st thou", "mak’st thou", "en", (2, 0, 0, 0)),
        ("今日は天気がいい。", "今日は天気がいい", "ja", (8, 0, 0, 0)),
        ("頭髮", "头发", "zh", (2, 0, 0, 0)),
        ("그는 가요", "그는가요", "ko", (4, 0, 0, 0)),
        ("", "he lives", "en", (2, 0, 2, 0)),
    ],
)
def test_errors_are_of_words_or_of_characters(
    scores: ModuleType, heard: str, said: str, language: str, errors: tuple[int, int, int, int]
) -> None:
    assert scores.count_errors(heard, said, language) == WordErrors(*errors)


def test_a_cue_is_lost_when_none_of_its_words_came_out(scores: ModuleType) -> None:
    cues = [Cue(0, 2, "he lives in New York"), Cue(3, 4.5, "so they say"), Cue(5, 6, "of Boston")]
    assert scores.find_lost_cues("he lives in new york so they say of boston", cues, "en") == []
    assert scores.find_lost_cues("he lived york of boston", cues, "en") == [cues[1]]
    assert scores.find_lost_cues("", cues, "en") == cues
    # A cue without a word, such as a note, cannot be lost.
    assert scores.find_lost_cues("", [Cue(0, 1, "♪")], "en") == []


def test_seconds_in_which_two_cues_are_shown_count_once(scores: ModuleType) -> None:
    assert scores.sum_seconds([Cue(5, 7, "b"), Cue(1, 3, "a"), Cue(2, 4, "c")]) == 5
    assert scores.sum_seconds([Cue(1, 9, "a"), Cue(2, 3, "b")]) == 8
    assert scores.sum_seconds([]) == 0


def test_words_are_aligned_with_the_same_words(scores: ModuleType) -> None:
    places = scores.align_words("he still lives in newark so they".split(), SAID)
    assert places == [0, 2, 3, None, None, 5, 6, None]
    assert scores.align_words([], ["he"]) == [None]
    assert scores.align_words(["he"], []) == []


@pytest.mark.parametrize(
    ("heard", "stretches"),
    [
        ("he lives in new york so they say", []),
        ("he lives so they say", [(2, 5, 1)]),
        ("new york so they say", [(0, 3, -1)]),
        ("he lives in new york", [(5, 8, 4)]),
        ("", [(0, 8, -1)]),
        # One missing word, or wrong words in the place of others, are no stretch.
        ("he lives in new york they say", []),
        ("he lives at old bath so they say", []),
    ],
)
def test_a_lost_stretch_is_words_in_a_row_without_others_in_their_place(
    scores: ModuleType, heard: str, stretches: list[tuple[int, int, int]]
) -> None:
    found = scores.find_lost_stretches(heard.split(), SAID)
    assert [(each.first, each.last, each.before) for each in found] == stretches


def test_a_rate_needs_time(scores: ModuleType) -> None:
    assert scores.per_hour(3, 1800) == 6
    assert scores.per_hour(0, 60) == 0
    assert scores.per_hour(0, 0) is None


@pytest.mark.parametrize(
    ("engine", "kept", "said", "removals"),
    [
        # A loop of which a guard leaves one copy, and whose words are said elsewhere.
        ("so is it not " + "is it not " * 30 + "far", "so is it not far", "so it is not as far", 0),
        ("it is far " * 9, "", "they say that it is far away", 3),
        ("it is far " * 9, "it is far", "they say that it is far away", 0),
        # Copies that were really said are words like all others.
        ("no no no no no", "no", "no no no", 2),
        ("he lives in new york", "he lives", "he lives in york", 2),
        ("he lives in newark", "he lives", "he lives in york", 1),
        ("", "", "he lives", 0),
    ],
)
def test_a_loop_that_a_guard_removed_is_a_false_removal_at_most_as_often_as_it_was_said(
    scores: ModuleType, engine: str, kept: str, said: str, removals: int
) -> None:
    assert scores.count_false_removals(engine.split(), kept.split(), said.split()) == removals
