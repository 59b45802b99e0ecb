"""What is faint is heard apart from what is clear, and nothing is heard twice or not at all."""

from __future__ import annotations

from subtitled.plugin import TimeSpan
from subtitled_plugins.whisper.windows import subtract_spans


def test_faint_parts_are_taken_out_of_the_speech_that_holds_them() -> None:
    speech = [TimeSpan(0, 10), TimeSpan(20, 30)]
    faint = [TimeSpan(4, 6), TimeSpan(20, 22), TimeSpan(29.95, 30)]
    clear = subtract_spans(speech, faint)
    assert clear == [TimeSpan(0, 4), TimeSpan(6, 10), TimeSpan(22, 29.95)]


def test_speech_without_faint_parts_stays_as_it_is() -> None:
    speech = [TimeSpan(0, 10), TimeSpan(20, 30)]
    assert subtract_spans(speech, []) == speech


def test_speech_that_is_all_faint_leaves_nothing_clear() -> None:
    assert subtract_spans([TimeSpan(3, 5)], [TimeSpan(3, 5)]) == []
