"""Badly transcribed windows are noticed, and the attempt that covers most is kept."""

from __future__ import annotations

import pytest

from subtitled.plugin import TimeSpan, Word
from subtitled_plugins.whisper.rehearing import (
    WindowTranscript,
    best_attempt,
    find_gaps,
    has_short_word_run,
    is_broken,
    lost_seconds,
    usual_rate,
)
from subtitled_plugins.whisper.windows import Window, split_at_pauses, split_window


def spoken(start: int, end: int, text: str = " word", confidence: float = 0.9) -> list[Word]:
    return [Word(text=text, start=n, end=n + 0.9, confidence=confidence) for n in range(start, end)]


def test_speech_without_words_counts_as_lost() -> None:
    window = Window((TimeSpan(0, 20),))
    assert lost_seconds(
        window, [Word(text=" a", start=0, end=1), Word(text=" b", start=19, end=20)]
    ) == pytest.approx(18)
    assert lost_seconds(window, spoken(0, 20)) == 0


def test_a_whole_span_that_is_missing_between_pauses_is_noticed() -> None:
    window = Window((TimeSpan(0, 5), TimeSpan(6, 11), TimeSpan(12, 20)))
    words = [*spoken(0, 5), *spoken(10, 20)]
    assert find_gaps(window, words) == [TimeSpan(6, 10)]
    assert is_broken(window, words, usual=0.0)


def test_an_end_of_the_text_well_before_the_end_of_speech_is_noticed() -> None:
    window = Window((TimeSpan(0, 20),))
    assert is_broken(window, spoken(0, 16), usual=0.0)
    assert not is_broken(window, spoken(0, 19), usual=0.0)


def test_far_fewer_letters_than_in_other_windows_are_noticed() -> None:
    windows = {
        Window((TimeSpan(n * 20, n * 20 + 20),)): WindowTranscript(
            spoken(n * 20, n * 20 + 20, " plenty")
        )
        for n in range(4)
    }
    usual = usual_rate(windows)
    sparse = [Word(text=" a", start=n, end=n + 2.0, confidence=0.9) for n in range(0, 20, 2)]
    assert is_broken(Window((TimeSpan(0, 20),)), sparse, usual)
    assert not is_broken(Window((TimeSpan(0, 20),)), sparse, 0.0)


def test_runs_of_doubtful_stop_words_are_noticed_and_real_speech_is_not() -> None:
    noise = [
        Word(text=f" {w}", start=n, end=n + 0.5, confidence=0.3)
        for n, w in enumerate("of the of the to he of the to a of".split())
    ]
    assert has_short_word_run(noise)
    hamlet = [Word(text=w.text, start=w.start, end=w.end, confidence=0.95) for w in noise]
    assert not has_short_word_run(hamlet)
    assert not has_short_word_run(noise[:6])


def test_the_attempt_that_covers_most_is_kept_and_of_equals_the_first() -> None:
    window = Window((TimeSpan(0, 10), TimeSpan(11, 20)))
    first = [(window, WindowTranscript(spoken(0, 10)))]
    left, right = split_window(window)
    second = [(left, WindowTranscript(spoken(0, 10))), (right, WindowTranscript(spoken(11, 20)))]
    assert best_attempt(window, [first, second]) is second
    assert best_attempt(window, [second, list(second)]) is second


def test_a_window_is_split_at_its_pauses_of_a_window_or_its_halves() -> None:
    window = Window((TimeSpan(0, 10), TimeSpan(11, 20)))
    assert split_at_pauses(window) == [Window((TimeSpan(0, 10),)), Window((TimeSpan(11, 20),))]
    assert len(split_at_pauses(Window((TimeSpan(0, 10),)))) == 2
