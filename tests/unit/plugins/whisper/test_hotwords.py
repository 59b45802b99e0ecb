"""Hotwords replace what is close to them and more probable, and touch no other word."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Word
from subtitled_plugins.whisper.hotwords import (
    MAX_HOTWORD_CHARS,
    Candidate,
    choose,
    correct_names,
    find_candidates,
    is_accepted,
    replace_words,
    usable_hotwords,
)


def words_of(text: str, confidence: float = 0.5) -> list[Word]:
    return [
        Word(text=f" {word}", start=n * 0.5, end=n * 0.5 + 0.4, confidence=confidence)
        for n, word in enumerate(text.split())
    ]


def places(text: str, *hotwords: str, confidence: float = 0.5) -> list[tuple[str, str]]:
    words = words_of(text, confidence)
    return [
        ("".join(word.text for word in words[c.first : c.last]), c.text)
        for c in find_candidates(words, usable_hotwords(hotwords))
    ]


def test_a_misheard_name_is_found_in_one_word_or_several() -> None:
    assert (" manatos.", " Manhattoes.") in places("of the manatos.", "Manhattoes")
    assert (" Corlea's hook", " Corlears Hook") in places("from Corlea's hook to", "Corlears Hook")
    assert (" confu i", " ComfyUI") in places("into your confu i folder", "ComfyUI")


def test_a_name_in_another_script_is_compared_by_its_sound() -> None:
    assert places("это был Гендальв серый", "Gandalf")
    assert places("今天 白京 来了", "白鲸鱼") or places("bai jingyu", "白鲸鱼")


@pytest.mark.parametrize("text", ["Call me Ishmael.", "Ishmael's ship", "Ishmaels", "ISHMAEL!"])
def test_a_name_that_stands_there_already_is_left_as_it_is(text: str) -> None:
    assert places(text, "Ishmael") == []


def test_a_possessive_is_kept_if_it_is_more_probable() -> None:
    found = places("then Queequek's harpoon", "Queequeg")
    assert (" Queequek's", " Queequeg's") in found
    assert (" Queequek's", " Queequeg") in found


def test_confident_words_are_compared_with_long_hotwords_only() -> None:
    assert places("they all love it", "Jove", confidence=0.99) == []
    assert places("to me and no one", "Tom", "Neo", confidence=0.1) == []
    assert places("the cursed manatoes", "Manhattoes", confidence=0.99)


@pytest.mark.parametrize(
    "hotword", ["W", "Up", "<b></b>", "   ", "x" * (MAX_HOTWORD_CHARS + 1), "!!!", "\ud800"]
)
def test_what_is_no_name_is_not_looked_for(hotword: str) -> None:
    assert usable_hotwords([hotword]) == []


def test_markup_around_a_name_is_no_part_of_it() -> None:
    assert usable_hotwords(["<i>Ishmael</i>\n", "{\\an8}Queequeg"]) == ["Ishmael", "an8 Queequeg"]


def candidate(first: int, last: int, doubtful: bool = True) -> Candidate:
    return Candidate(
        first=first, last=last, text=" Name", hotword="Name", similarity=0.8, is_doubtful=doubtful
    )


def test_only_what_is_clearly_more_probable_is_accepted() -> None:
    assert is_accepted(candidate(0, 1), 4.0)
    assert not is_accepted(candidate(0, 1), 1.0)
    assert not is_accepted(candidate(0, 1, doubtful=False), 2.5)


def test_of_overlapping_places_the_most_probable_is_chosen() -> None:
    weak, strong, apart = candidate(0, 2), candidate(1, 3), candidate(3, 4)
    assert choose([(weak, 3.0), (strong, 9.0), (apart, 3.0)]) == [strong, apart]


class PrimedScorer:
    """Believes a place behind the name only once the name stands there."""

    def compare(
        self, words: Sequence[Word], candidates: Sequence[Candidate]
    ) -> list[tuple[Candidate, float]]:
        text = "".join(word.text for word in words)
        return [(c, 5.0 if c.first == 0 or c.hotword in text else -5.0) for c in candidates]


def test_a_name_that_was_found_is_looked_for_again_in_its_window() -> None:
    words = words_of("Queequek went and Queequek came")
    corrected = correct_names(words, ["Queequeg"], PrimedScorer)
    assert "".join(word.text for word in corrected) == " Queequeg went and Queequeg came"


def test_no_scorer_is_created_where_nothing_resembles_a_hotword() -> None:
    words = words_of("to be or not to be")

    def fail() -> PrimedScorer:
        raise AssertionError("encoding the sound costs time")

    assert correct_names(words, ["Winterfell"], fail) == words


_texts = st.lists(st.text("abcdeé '’漢字かなж", min_size=1, max_size=8), min_size=1, max_size=30)


@given(_texts, st.lists(st.text(max_size=20), max_size=20))
def test_words_outside_the_replaced_places_are_never_touched(
    texts: list[str], hotwords: list[str]
) -> None:
    words = [
        Word(text=f" {text}", start=n * 1.0, end=n + 0.9, confidence=0.3)
        for n, text in enumerate(texts)
    ]
    found = find_candidates(words, usable_hotwords(hotwords))
    chosen = choose((one, 5.0) for one in found)
    result = replace_words(words, chosen)
    replaced = {n for one in chosen for n in range(one.first, one.last)}
    kept = [word for n, word in enumerate(words) if n not in replaced]
    assert [word for word in result if word in kept] == kept
    assert all(a.start <= b.start for a, b in zip(result, result[1:], strict=False))
    assert all(word.text.strip() and word.start <= word.end for word in result if word not in kept)


def test_no_name_is_looked_for_across_a_long_pause() -> None:
    words = [
        Word(text=" Corlea's", start=1.0, end=1.5, confidence=0.5),
        Word(text=" hook", start=90.0, end=90.4, confidence=0.5),
    ]
    hotwords = usable_hotwords(["Corlears Hook"])
    assert all(c.last - c.first == 1 for c in find_candidates(words, hotwords))


def test_a_name_over_a_short_pause_has_no_word_in_it() -> None:
    words = [
        Word(text=" Corlea's", start=1.0, end=1.5, confidence=0.5),
        Word(text=" hook", start=2.8, end=3.2, confidence=0.5),
    ]
    (place,) = (
        c
        for c in find_candidates(words, usable_hotwords(["Corlears Hook"]))
        if (c.first, c.last) == (0, 2)
    )
    replaced = replace_words(words, [place])
    assert [word.text for word in replaced] == [" Corlears", " Hook"]
    assert all(word.end <= 1.5 or word.start >= 2.8 for word in replaced)
