"""What is faint is heard apart from what is clear, and nothing is heard twice or not at all."""

from __future__ import annotations

from subtitled.plugin import Interval
from subtitled_plugins.whisper.windows import outside


def test_faint_parts_are_taken_out_of_the_speech_that_holds_them() -> None:
    speech = [Interval(0, 10), Interval(20, 30)]
    faint = [Interval(4, 6), Interval(20, 22), Interval(29.95, 30)]
    clear = outside(speech, faint)
    assert clear == [Interval(0, 4), Interval(6, 10), Interval(22, 29.95)]


def test_speech_without_faint_parts_stays_as_it_is() -> None:
    speech = [Interval(0, 10), Interval(20, 30)]
    assert outside(speech, []) == speech


def test_speech_that_is_all_faint_leaves_nothing_clear() -> None:
    assert outside([Interval(3, 5)], [Interval(3, 5)]) == []
