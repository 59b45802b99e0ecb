"""A cue is split when its second text begins to be said, whatever people corrected in it."""

from __future__ import annotations

import pytest

from subtitled.plugin import Word
from subtitled.subtitles.review.document import ReviewCue
from subtitled.subtitles.review.splitting import find_split_time

CUE = ReviewCue(id="1", start=10.0, end=16.0, lines=("He lives in New York.", "So they say."))


def _say(text: str, start: float = 10.2, seconds: float = 0.5) -> list[Word]:
    """Say a word every so many seconds, each for half of them."""
    return [
        Word(text=f" {word}", start=start + seconds * place, end=start + seconds * (place + 0.5))
        for place, word in enumerate(text.split())
    ]


SAID = _say("He lives in New York. So they say.")


@pytest.mark.parametrize(
    ("first", "second", "time"),
    [
        ("He lives in New York.", "So they say.", 12.7),
        ("He lives in", "New York.\nSo they say.", 11.7),
        ("HE LIVES IN NEW YORK", "- so they say", 12.7),
        ("<i>He lives in New York.</i>", "<i>So they say.</i>", 12.7),
        ("He", "lives in New York. So they say.", 10.7),
    ],
)
def test_the_second_cue_begins_when_its_first_word_is_said(
    first: str, second: str, time: float
) -> None:
    assert find_split_time(CUE, first.split("\n"), second.split("\n"), SAID) == pytest.approx(time)


def test_a_word_that_a_person_corrected_begins_between_its_neighbours() -> None:
    time = find_split_time(CUE, ("He lives in New York.",), ("Thus they say.",), SAID)
    assert 12.45 <= time <= 13.2


def test_words_of_the_cues_beside_it_do_not_count() -> None:
    around = [*_say("So be it. And he", 7.0), *SAID, *_say("So did they.", 15.9)]
    assert find_split_time(CUE, ("He lives in New York.",), ("So they say.",), around) == 12.7


@pytest.mark.parametrize("heard", [[], _say("Wxyz qqq bvvb.")])
def test_a_text_that_was_not_heard_is_split_in_proportion(heard: list[Word]) -> None:
    assert find_split_time(CUE, ("abc",), ("d",), heard) == 14.5
    assert find_split_time(CUE, (" ",), ("d",), heard) == 13.0


def test_a_language_without_spaces_is_split_inside_of_what_was_heard_as_one() -> None:
    heard = [
        Word(text="今日は雨だ", start=10.0, end=12.0),
        Word(text="明日は晴れ", start=12.5, end=14.5),
    ]
    assert find_split_time(CUE, ("今日は",), ("雨だ明日は晴れ",), heard) == pytest.approx(11.2)
    assert find_split_time(CUE, ("今日は雨だ",), ("明日は晴れ",), heard) == pytest.approx(12.5)


def test_both_cues_are_on_screen_however_early_or_late_the_word_is_said() -> None:
    late = _say("He lives in New York. So they say.", 13.9)
    assert find_split_time(CUE, ("He lives in New York.",), ("So they say.",), late) == 15.999
    early = _say("He lives in New York. So they say.", 7.0)
    assert find_split_time(CUE, ("He lives in New York.",), ("So they say.",), early) == 10.001
