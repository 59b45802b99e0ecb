"""Cutting speech into chunks, and choosing windows for language detection."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.media.chunking import select_detection_windows
from subtitled.plugin import Chunk, TimeSpan
from subtitled.plugin.speech_windows import chunk_speech

Pairs = list[tuple[float, float]]

SPEECH = st.lists(
    st.tuples(
        st.floats(0, 30) | st.sampled_from([0.0, 0.5, 300.0]),
        st.floats(0.05, 90) | st.sampled_from([0.25, 480.0, 1500.0]),
    ),
    max_size=25,
).map(lambda pairs: _speech(pairs))
LENGTHS = st.floats(20, 600) | st.sampled_from([30.0, 480.0])


def _speech(pairs: Pairs) -> list[TimeSpan]:
    """Build speech spans from pairs of pause and speech."""
    speech, now = [], 0.0
    for pause, spoken in pairs:
        speech.append(TimeSpan(now + pause, now + pause + spoken))
        now += pause + spoken
    return speech


def _joined(parts: list[TimeSpan]) -> list[TimeSpan]:
    """Join touching spans, so that hard cuts do not show."""
    joined: list[TimeSpan] = []
    for part in parts:
        if joined and part.start - joined[-1].end < 1e-6:
            joined[-1] = TimeSpan(joined[-1].start, part.end)
        else:
            joined.append(part)
    return joined


def _spoken(chunk: Chunk) -> float:
    return sum(part.duration for part in chunk.speech)


def _cut(speech: list[TimeSpan], length: float) -> list[Chunk]:
    return chunk_speech(speech, length, speech[-1].end + 1 if speech else 10.0)


@settings(deadline=None)
@given(SPEECH, LENGTHS)
def test_chunks_follow_each_other_from_zero_to_the_end(
    speech: list[TimeSpan], length: float
) -> None:
    chunks = _cut(speech, length)
    if not speech:
        assert chunks == []
        return
    assert chunks[0].span.start == 0
    assert chunks[-1].span.end == speech[-1].end + 1
    for one, following in zip(chunks, chunks[1:], strict=False):
        assert one.span.end == following.span.start
        assert one.span.start < one.span.end


@settings(deadline=None)
@given(SPEECH, LENGTHS)
def test_every_moment_of_speech_is_in_exactly_one_chunk(
    speech: list[TimeSpan], length: float
) -> None:
    chunks = _cut(speech, length)
    held = [part for chunk in chunks for part in chunk.speech]
    assert all(a.end <= b.start + 1e-6 for a, b in zip(held, held[1:], strict=False))
    expected, found = _joined(speech), _joined(held)
    assert [part.start for part in found] == pytest.approx([part.start for part in expected])
    assert [part.end for part in found] == pytest.approx([part.end for part in expected])


@settings(deadline=None)
@given(SPEECH, LENGTHS)
def test_speech_of_a_chunk_is_within_it(speech: list[TimeSpan], length: float) -> None:
    for chunk in _cut(speech, length):
        assert chunk.speech
        assert chunk.span.start <= chunk.speech[0].start + 1e-9
        assert chunk.speech[-1].end <= chunk.span.end + 1e-9


@settings(deadline=None)
@given(SPEECH, LENGTHS)
def test_chunk_has_about_the_length_and_never_more(speech: list[TimeSpan], length: float) -> None:
    chunks = _cut(speech, length)
    assert all(_spoken(chunk) <= length * (1 + 1e-9) for chunk in chunks)
    for chunk, following in zip(chunks, chunks[1:], strict=False):
        # Less than three quarters only if the next span would be too long.
        enough = _spoken(chunk) >= 0.75 * length * (1 - 1e-9)
        assert enough or _spoken(chunk) + following.speech[0].duration > length * (1 - 1e-9)


@settings(deadline=None)
@given(SPEECH, LENGTHS)
def test_no_word_is_cut_unless_there_is_no_pause_within_the_length(
    speech: list[TimeSpan], length: float
) -> None:
    for chunk in _cut(speech, length)[:-1]:
        cut = chunk.span.end
        through = [part for part in speech if part.start + 1e-6 < cut < part.end - 1e-6]
        assert all(part.duration > length for part in through)


def test_chunk_ends_in_the_longest_pause_near_the_length() -> None:
    speech = _speech([(1, 20), (50, 60), (1, 5), (9, 5), (2, 5), (1, 60)])
    first, second = _cut(speech, 100)
    assert first.speech[-1] == speech[2]  # before the pause of 9, not of 50, 2 or 1
    assert first.span.end == (speech[2].end + speech[3].start) / 2
    assert list(second.speech) == speech[3:]


def test_each_chunk_has_its_low_energy_spans() -> None:
    speech = [TimeSpan(0, 400), TimeSpan(500, 900)]
    quiet = [TimeSpan(100, 110), TimeSpan(395, 400), TimeSpan(500, 520)]
    first, second = chunk_speech(speech, 480, 1000, quiet)
    assert list(first.low_energy) == quiet[:2]
    assert list(second.low_energy) == quiet[2:]
    (through, after) = chunk_speech([TimeSpan(0, 700)], 480, 700, [TimeSpan(470, 490)])
    assert list(through.low_energy) == [TimeSpan(470, 480)]
    assert list(after.low_energy) == [TimeSpan(480, 490)]


def test_short_media_file_is_one_chunk() -> None:
    speech = _speech([(3, 10), (1, 10)])
    assert _cut(speech, 480) == [Chunk(TimeSpan(0, 25), tuple(speech))]


def test_speech_without_any_pause_is_cut_hard_at_the_length() -> None:
    chunks = chunk_speech([TimeSpan(0, 1000)], 480, 1000)
    assert [chunk.span.end for chunk in chunks] == [480, 960, 1000]


def test_a_total_that_was_stated_too_short_loses_no_speech() -> None:
    (chunk,) = chunk_speech([TimeSpan(1, 100)], 480, 50.0)
    assert chunk.span == TimeSpan(0, 100)


@settings(deadline=None)
@given(SPEECH, st.integers(1, 9), st.floats(1, 60))
def test_windows_are_few_short_in_order_apart_and_begin_with_speech(
    speech: list[TimeSpan], count: int, length: float
) -> None:
    windows = select_detection_windows(speech, count, length)
    assert bool(windows) == bool(speech)
    assert len(windows) <= count
    assert all(a.end <= b.start for a, b in zip(windows, windows[1:], strict=False))
    for window in windows:
        assert 0 < window.duration <= length + 1e-6
        assert any(part.start <= window.start < part.end for part in speech)
        assert window.end <= speech[-1].end


def test_windows_are_spread_over_the_whole_media_file() -> None:
    speech = _speech([(2, 4)] * 1000)  # 6000 s
    windows = select_detection_windows(speech)
    assert len(windows) == 5
    assert [int(window.start // 1200) for window in windows] == [0, 1, 2, 3, 4]


def test_a_window_is_where_most_is_spoken_near_its_place() -> None:
    speech = [TimeSpan(0, 2), TimeSpan(100, 128), TimeSpan(200, 203), TimeSpan(400, 402)]
    (window,) = select_detection_windows(speech, count=1)
    assert window == TimeSpan(100, 128)


def test_a_song_at_the_beginning_has_one_voice_of_several() -> None:
    song, film = [TimeSpan(0, 180)], _speech([(200, 5), *[(3, 5)] * 600])
    windows = select_detection_windows(song + film)
    assert len(windows) == 5
    assert sum(window.start < 180 for window in windows) == 1
