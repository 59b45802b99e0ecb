"""Speech time stands still in pauses, and no word is laid over one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import TimeSpan
from subtitled.plugin.speech_timeline import SpeechTimeline

SPEECH = (TimeSpan(2.0, 5.0), TimeSpan(65.0, 67.0), TimeSpan(400.0, 410.0))
LINE = SpeechTimeline(SPEECH)


def test_speech_time_stands_still_in_pauses() -> None:
    assert [LINE.to_speech_time(t) for t in (0, 2, 4, 5, 30, 65, 66, 399, 410, 999)] == [
        *(0, 0, 2, 3, 3, 3, 4, 5, 15, 15)
    ]
    assert LINE.duration == 15
    assert LINE.measure_speech(4, 66) == 2
    assert LINE.measure_speech(6, 60) == 0
    assert LINE.measure_speech(66, 4) == 0


def test_on_a_seam_an_end_is_before_the_pause_and_a_start_after_it() -> None:
    assert LINE.to_media_time(3.0) == 65.0
    assert LINE.to_media_time(3.0, is_end=True) == 5.0
    assert (LINE.to_media_time(-1.0), LINE.to_media_time(99.0)) == (2.0, 410.0)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (4.9, 66.0, TimeSpan(65.2, 66.0)),
        (3.0, 65.1, TimeSpan(3.0, 4.8)),
        (4.85, 65.2, TimeSpan(65.1, 65.2)),
        (4.0, 401.0, TimeSpan(400.2, 401.0)),
        (3.0, 5.0, TimeSpan(3.0, 5.0)),
        (66.0, 80.0, TimeSpan(66.0, 80.0)),
        (10.0, 20.0, TimeSpan(10.0, 20.0)),
    ],
)
def test_a_word_laid_over_a_pause_is_on_the_side_with_most_of_it(
    start: float, end: float, expected: TimeSpan
) -> None:
    place = LINE.confine(start, end)
    assert (place.start, place.end) == pytest.approx((expected.start, expected.end))


def test_in_doubt_the_last_word_of_a_sentence_is_before_the_pause() -> None:
    assert LINE.confine(4.5, 65.5).start > 60
    assert LINE.confine(4.5, 65.5, prefers_first=True).end <= 5.0


def test_a_long_span_that_was_cut_for_an_engine_has_no_pause_at_the_cut() -> None:
    cut = SpeechTimeline([TimeSpan(0, 30), TimeSpan(30, 60)])
    assert cut.confine(29.5, 30.4) == TimeSpan(29.5, 30.4)


def test_without_speech_every_time_stays() -> None:
    assert SpeechTimeline([]).confine(1.0, 90.0) == TimeSpan(1.0, 90.0)
    assert SpeechTimeline([]).to_media_time(3.0) == 3.0
    assert SpeechTimeline([]).measure_speech(0.0, 10.0) == 0.0


_GAPS = st.lists(st.tuples(st.floats(0.05, 500.0), st.floats(0.02, 40.0)), min_size=1, max_size=8)


@given(_GAPS, st.floats(0, 900), st.floats(0, 400), st.booleans())
def test_no_place_spans_a_pause_or_leaves_the_word(
    gaps: list[tuple[float, float]], start: float, length: float, prefers_first: bool
) -> None:
    spans, now = [], 0.0
    for pause, spoken in gaps:
        spans.append(TimeSpan(now + pause, now + pause + spoken))
        now += pause + spoken
    line = SpeechTimeline(spans)
    place = line.confine(start, start + length, prefers_first=prefers_first)
    assert not line.spans_pause(place.start, place.end)
    assert place.start <= place.end
    if line.spans_pause(start, start + length):
        assert any(s.start - 1e-6 <= place.start <= place.end <= s.end + 1e-6 for s in spans)
    inner = line.place(line.to_speech_time(start), line.to_speech_time(start + length))
    assert not line.spans_pause(inner.start, inner.end)
